import ArrayFiles
import FoldingCore
import FoldingModel
import NumericArrays
import Protein
import TensorCore

/// The file that keeps a prediction between passes, so that a killed run resumes within the target with the same bits.
///
/// An npz; the pair tensor keeps its storage type. A state is used only by a run with the same fingerprint: inputs,
/// weights, seed, and every option that changes numbers.
struct RecyclingStateFile {
  let folder: PredictionFolder
  let name: String
  let fingerprint: String
  /// Residues of the target.
  let residues: Int
  let config: FoldingConfig

  /// Replaces the file.
  func save(_ state: RecyclingState) throws { try folder.keep(name) { try write(state, to: $0) } }

  private func write(_ state: RecyclingState, to path: String) throws {
    let history = state.history.flatMap { [$0.meanPLDDT, $0.change ?? .nan, $0.ptm ?? .nan] }
    let pair = state.recycled.pair
    let arrays: KeyValuePairs<String, () -> AnyNDArray> = [
      "fingerprint": {
        .uint8(NDArray(shape: [fingerprint.utf8.count], values: Array(fingerprint.utf8)))
      },
      "finished": { .int32(NDArray(shape: [], values: [state.isFinished ? 1 : 0])) },
      "history": { .float32(NDArray(shape: [state.history.count, 3], values: history)) },
      "lddt_logits": { .float32(state.lddtLogits) },
      "positions": { .float32(state.recycled.positions) },
      "msa_first_row": { .float32(state.recycled.msaFirstRow.array()) },
      // The only copy of this size, and only while it is written.
      "pair": {
        pair.dtype == .float32 ? .float32(pair.array()) : .bfloat16(pair.bfloat16Array())
      },
    ]
    try NumpyArchive.write(to: path, names: arrays.map(\.key)) { name in
      guard let array = arrays.first(where: { $0.key == name })?.value else {
        throw ArrayFileError.noSuchArray(file: path, name: name, available: [])
      }
      return array()
    }
  }

  /// What a run finds to resume from.
  enum Found {
    /// No file.
    case nothing
    /// A file that cannot be used, and why.
    case unusable(String)
    /// The state after some pass.
    case saved(RecyclingState)

    /// The state, if there is one.
    var state: RecyclingState? {
      if case .saved(let state) = self { return state }
      return nil
    }
  }

  /// The saved state; states of other inputs or options, and files with arrays of other shapes than this run's, cannot be used.
  func load(_ context: ExecutionContext) -> Found {
    guard folder.has(name) else { return .nothing }
    guard let (archive, fingerprint) = opened else { return .unusable("is damaged") }
    guard fingerprint == self.fingerprint else {
      return .unusable("is of other inputs, parameters or options")
    }
    guard let finished = try? archive.array(named: "finished").integers,
      let history = Self.history(in: archive),
      let logits = try? archive.array(named: "lddt_logits").floats,
      logits.shape == [residues, config.heads.confidenceBins],
      let positions = try? archive.array(named: "positions").floats,
      positions.shape == [residues, AtomName.count, 3],
      let firstRow = try? archive.array(named: "msa_first_row").floats,
      firstRow.shape == [residues, config.channels.msa],
      let pair = try? archive.array(named: "pair"),
      pair.shape == [residues, residues, config.channels.pair],
      let pair = tensor(pair, context)
    else { return .unusable("is damaged") }
    // A state that is not finite would end every run that resumes from it.
    let confidences = stride(from: 0, to: history.values.count, by: 3).map { history.values[$0] }
    let all = [confidences, logits.values, positions.values, firstRow.values]
    guard all.allSatisfy({ $0.allSatisfy(\.isFinite) }), context.isFinite(pair) else {
      return .unusable("is damaged")
    }
    let records = (0..<history.shape[0]).map { index in
      let numbers = history.values[index * 3..<index * 3 + 3].map { $0.isNaN ? nil : $0 }
      return RecyclingState.Record(
        meanPLDDT: history.values[index * 3], ptm: numbers[2], change: numbers[1])
    }
    return .saved(
      RecyclingState(
        recycled: PreviousPass(
          positions: positions, msaFirstRow: Tensor(firstRow, pool: context.pool),
          pair: pair),
        lddtLogits: logits, history: records, isFinished: finished.values.first == 1))
  }

  /// Passes that the saved state has behind it, which its small arrays tell; 0 if it is of no use.
  var passes: Int {
    guard folder.has(name), let (archive, fingerprint) = opened, fingerprint == self.fingerprint
    else { return 0 }
    return Self.history(in: archive)?.shape[0] ?? 0
  }

  /// The file and the fingerprint in it; nil if it is damaged.
  private var opened: (archive: NumpyArchive, fingerprint: String)? {
    guard let archive = try? NumpyArchive(path: folder.file(name), uint16: .bfloat16),
      case .uint8(let bytes)? = try? archive.array(named: "fingerprint")
    else { return nil }
    return (archive, String(decoding: bytes.values, as: UTF8.self))
  }

  /// Confidence, change and predicted TM-score after each pass; nil if they are damaged.
  private static func history(in archive: NumpyArchive) -> NDArray<Float>? {
    guard let history = try? archive.array(named: "history").floats, history.shape.count == 2,
      history.shape[0] > 0, history.shape[1] == 3
    else { return nil }
    return history
  }

  /// The pair tensor as it was kept; nil unless it is stored as this run stores it.
  private func tensor(_ array: AnyNDArray, _ context: ExecutionContext) -> Tensor? {
    switch (array, context.storage) {
    case (.bfloat16(let values), .bfloat16): Tensor(values, pool: context.pool)
    case (.float32(let values), .float32): Tensor(values, pool: context.pool)
    default: nil
    }
  }
}
