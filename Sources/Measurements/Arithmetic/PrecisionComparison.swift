import FeaturePipeline
import FoldingCore
import FoldingModel
import HelixFold
import NumericArrays
import Protein
import Scoring
import TensorCore
import Weights

/// How far low precision changes a prediction: the same weights and draws in fp32 and with every option.
public struct PrecisionComparison {
  /// One option compared with fp32.
  public struct Row: Sendable {
    /// Name of the option.
    public let name: String
    /// Relative error of logits by head: norm of the difference over the norm.
    public let logits: [(head: String, error: Double)]
    /// lDDT-Cα of the structure with that of fp32 as reference, 0 … 1.
    public let lddt: Double
    /// Distance of C-alphas after superposition, root mean square, Å.
    public let rmsd: Double
    /// Largest number of bytes in tensors at one time, parameters included.
    public let tensorPeak: Int
  }

  /// One kind of storage.
  private struct Variant {
    let name: String
    var storage = DType.bfloat16
    var operands = PairOperands.whole
    var hasEightBitWeights = false

    static func all(lines: Int) -> [Variant] {
      let blocks = BlockFormat.allCases.map { format in
        Variant(
          name: "bf16, pair storage \(format.rawValue)",
          operands: .streamed(lines: lines, format))
      }
      return [Variant(name: "bf16")] + blocks + [
        Variant(name: "bf16, weights int8", hasEightBitWeights: true),
        Variant(
          name: "bf16, pair storage and weights int8", operands: .streamed(lines: lines, .int8),
          hasEightBitWeights: true),
      ]
    }
  }

  private struct Outcome {
    let logits: [String: Tensor]
    let alphaCarbons: [SIMD3<Double>]
    let tensorPeak: Int
  }

  private let model: ModelDescription
  private let raw: RawFeatures
  private let recycles: Int
  private let threads: Int

  /// A comparison on one target.
  public init(_ model: ModelDescription, _ raw: RawFeatures, recycles: Int, threads: Int) {
    self.model = model
    self.raw = raw
    self.recycles = recycles
    self.threads = threads
  }

  /// Runs everything, fp32 first.
  public func run() throws -> [Row] {
    let exact = try outcome(Variant(name: "fp32", storage: .float32))
    return try Variant.all(lines: 64).map { variant in
      let found = try outcome(variant)
      let heads = exact.logits.keys.sorted()
      return Row(
        name: variant.name,
        logits: heads.compactMap { head in
          guard let a = found.logits[head], let b = exact.logits[head] else { return nil }
          return (head, Self.relativeError(a, b))
        },
        lddt: Self.lddt(found.alphaCarbons, exact.alphaCarbons),
        rmsd: RootMeanSquare.deviation(
          model: found.alphaCarbons, reference: exact.alphaCarbons)?.value ?? 0,
        tensorPeak: found.tensorPeak)
    }
  }

  private func outcome(_ variant: Variant) throws -> Outcome {
    let context = ExecutionContext(
      workers: WorkerGroup(count: threads), pool: BufferPool(), storage: variant.storage
    ).holding(variant.operands)
    let parameters: any ParameterSource =
      variant.hasEightBitWeights
      ? EightBitParameters(model.parameters, config: model.config) : model.parameters
    let network = try FoldingNetwork(
      model.config, parameters: parameters, storage: variant.storage, pool: context.pool)
    let features = SampledFeatures(raw, config: model.config, seed: 0)
    var state = network.initialState(features.target, context)
    var last: PassOutput?
    for pass in 0...recycles {
      let draw = features.draw(pass: pass, ensemble: 0)
      let output = try network.pass(features.target, draws: [draw], state, context)
      state = output.recycled
      last = output
    }
    guard let output = last else { throw PassError.noOutput }
    let peak = context.pool.statistics.peak
    var logits = network.headLogits(output, context)
    logits["predicted_lddt/logits"] = Tensor(output.lddtLogits, pool: context.pool)
    return Outcome(
      logits: logits, alphaCarbons: Self.alphaCarbons(output.recycled.positions), tensorPeak: peak)
  }

  private static func relativeError(_ a: Tensor, _ b: Tensor) -> Double {
    var (difference, norm) = (0.0, 0.0)
    for index in 0..<b.count {
      let (x, y) = (Double(a.floats[index]), Double(b.floats[index]))
      difference += (x - y) * (x - y)
      norm += y * y
    }
    return norm > 0 ? (difference / norm).squareRoot() : difference.squareRoot()
  }

  private static func alphaCarbons(_ positions: NDArray<Float>) -> [SIMD3<Double>] {
    (0..<positions.shape[0]).map { residue in
      let start = (residue * AtomName.count + AtomName.ca.index) * 3
      return SIMD3(
        Double(positions.values[start]), Double(positions.values[start + 1]),
        Double(positions.values[start + 2]))
    }
  }

  private static func lddt(_ model: [SIMD3<Double>], _ reference: [SIMD3<Double>]) -> Double {
    func residues(_ places: [SIMD3<Double>]) -> [Residue] {
      places.enumerated().map { index, place in
        Residue(
          name: "ALA", number: index + 1,
          atoms: [Atom(name: "CA", element: "C", position: place)])
      }
    }
    return LocalDistanceDifference(
      reference: residues(reference), model: residues(model), atoms: .alphaCarbons
    ).score ?? 1
  }
}
