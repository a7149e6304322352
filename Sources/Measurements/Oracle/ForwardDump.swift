import ArrayFiles
import FoldingCore
import FoldingModel
import NumericArrays
import TensorCore

/// Runs processed features straight through the network and collects everything under the names of the parity dumps,
/// so that any other implementation can be compared tensor by tensor.
public struct ForwardDump {
  let network: FoldingNetwork
  let features: ProcessedFeatures
  let context: ExecutionContext
  /// Source of each pass's initial state; nil to recycle this run's own results.
  let teacher: NumpyArchive?

  /// A dump of `network` on `features`.
  public init(
    network: FoldingNetwork, features: ProcessedFeatures, context: ExecutionContext,
    teacher: NumpyArchive?
  ) {
    self.network = network
    self.features = features
    self.context = context
    self.teacher = teacher
  }

  /// The given passes, arrays by name; the first starts from zeros, or from the teacher.
  public func run(passes: ClosedRange<Int>) throws -> [(name: String, array: AnyNDArray)] {
    var dump: [String: AnyNDArray] = [:]
    var state = network.initialState(features.target, context)
    for pass in passes {
      let prefix = "pass\(pass)/"
      if let teacher, pass > 0 || teacher.contains("pass0/prev_pair") {
        state = try Self.state(teacher, like: state, context) {
          Self.source(of: $0, pass: pass, in: teacher) ?? prefix + $0
        }
      }
      dump[prefix + "prev_pos"] = .float32(state.positions)
      dump[prefix + "prev_msa_first_row"] = .float32(state.msaFirstRow.array())
      dump[prefix + "prev_pair"] = .float32(state.pair.array())
      let probe = Probe { name, tensor in
        dump[prefix + "inter/" + name] = .float32(tensor.array())
      }
      let output = try network.pass(
        features.target, draws: [features.draw(pass: pass, ensemble: 0)], state, context,
        PassMonitor(probe: probe))
      collect(output, passes: pass + 1, prefix, into: &dump)
      state = output.recycled
    }
    return dump.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
  }

  private func collect(
    _ output: PassOutput, passes: Int, _ prefix: String, into dump: inout [String: AnyNDArray]
  ) {
    for (name, logits) in network.headLogits(output, context) {
      dump[prefix + name] = .float32(logits.array())
    }
    let heads = network.config.heads
    let edges = [
      ("distogram/bin_edges", heads.distogramBreaks),
      ("predicted_aligned_error/breaks", heads.alignedError?.breaks),
    ]
    for (name, edges) in edges {
      dump[prefix + name] = edges.map {
        .float32(NDArray(shape: [$0.count], values: $0.values(Float.self)))
      }
    }
    let prediction = network.prediction(
      output.recycled, lddtLogits: output.lddtLogits, features.target.aatype, passes: passes,
      context)
    let representations = prefix + "representations/"
    dump[representations + "msa"] = .float32(output.msa.array())
    dump[representations + "msa_first_row"] = .float32(output.recycled.msaFirstRow.array())
    dump[representations + "pair"] = .float32(output.recycled.pair.array())
    dump[representations + "single"] = .float32(output.single.array())
    dump[representations + "structure_module"] = .float32(output.structureActivation.array())
    dump[prefix + "structure_module/final_atom_positions"] = .float32(output.recycled.positions)
    dump[prefix + "structure_module/final_atom_mask"] = .float32(prediction.atomMask)
    dump[prefix + "predicted_lddt/logits"] = .float32(output.lddtLogits)
    dump[prefix + "plddt"] = .float32(
      NDArray(shape: [prediction.plddt.count], values: prediction.plddt))
    if let error = prediction.alignedError { dump[prefix + "pae"] = .float32(error) }
    if let ptm = prediction.ptm {
      dump[prefix + "ptm"] = .float32(NDArray(shape: [], values: [ptm]))
    }
  }

  /// Number of passes whose initial state a dump holds.
  static func passes(in dump: NumpyArchive) -> Int {
    var count = 0
    while source(of: "prev_pair", pass: count, in: dump) != nil { count += 1 }
    return count
  }

  /// Names of recycled arrays among the results of the pass before.
  private static let origins = [
    "prev_pos": "structure_module/final_atom_positions",
    "prev_msa_first_row": "representations/msa_first_row",
    "prev_pair": "representations/pair",
  ]

  /// The array that a pass starts from: its own or, if the dump omits repetitions, a result of the pass before.
  ///
  /// The dump must hold some result of the pass, so that the state after the last pass does not count.
  private static func source(of name: String, pass: Int, in dump: NumpyArchive) -> String? {
    let own = "pass\(pass)/\(name)"
    if dump.contains(own) { return own }
    guard pass > 0, dump.names.contains(where: { $0.hasPrefix("pass\(pass)/") }),
      let origin = origins[name], dump.contains("pass\(pass - 1)/\(origin)")
    else { return nil }
    return "pass\(pass - 1)/\(origin)"
  }

  /// The state that a dump holds, under names that `key` makes of `prev_pos`, `prev_msa_first_row` and `prev_pair`.
  static func state(
    _ teacher: NumpyArchive, like: PreviousPass, _ context: ExecutionContext,
    key: (String) -> String
  ) throws -> PreviousPass {
    func floats(_ name: String, _ shape: [Int]) throws -> NDArray<Float> {
      let key = key(name)
      guard teacher.contains(key) else {
        throw ProcessedFeatures.Failure.missing(
          path: teacher.path, name: key, wanted: .dump)
      }
      let array = try teacher.array(named: key)
      guard let values = array.floats, values.shape == shape else {
        throw ProcessedFeatures.Failure.misshapen(
          path: teacher.path, name: key, found: "\(array.elementName) \(array.shape)",
          expected: "\(shape)", wanted: .dump)
      }
      return values
    }
    return PreviousPass(
      positions: try floats("prev_pos", like.positions.shape),
      msaFirstRow: Tensor(
        try floats("prev_msa_first_row", like.msaFirstRow.shape), pool: context.pool),
      pair: Tensor(try floats("prev_pair", like.pair.shape), context.storage, pool: context.pool))
  }
}
