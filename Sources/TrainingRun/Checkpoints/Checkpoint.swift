import AtomicFiles
import FoldingCore
import Training
import TrainingData
import Weights

/// The whole state of a run between two steps.
///
/// Sampler and dropout have no state of their own: their draws are functions of the seed in `config` and of `step`.
public struct Checkpoint: Sendable {
  /// The small part, kept as JSON.
  public struct Header: Codable, Hashable, Sendable {
    /// Configuration of the run.
    public var config: TrainingConfig
    /// Program and version that wrote it.
    public var program: String
    /// Number of the next step.
    public var step: Int
    /// True if a validation is owed, after the last step or of the starting weights, and must be done first; nil otherwise.
    public var owesValidation: Bool?
    /// True while the weights are random numbers with which training begins; nil otherwise.
    public var isRandom: Bool?
    /// Best validation score so far.
    public var best: ValidationScore?
    /// CRC-64 of the names of the chains that were scored; nil in checkpoints of earlier builds.
    public var scored: String?
    /// Steps skipped in a row, up to now.
    public var skippedInARow: Int
    /// The optimizer without its buffers.
    public var optimizer: OptimizerHeader
    /// Instruction set of the kernels of the program that wrote it; nil in checkpoints of earlier builds.
    public var kernels: String?
    /// The parameter file that the run began with; nil if there was none, and in checkpoints of earlier builds.
    public var start: StartingWeights?
    /// Store of the run; nil in checkpoints of earlier builds.
    public var store: StoreMark?
  }

  /// The small part.
  public var header: Header
  /// Weights, moments and moving average by name.
  public var buffers: [String: StateBuffer]

  /// A checkpoint of the given parts.
  public init(header: Header, buffers: [String: StateBuffer]) {
    self.header = header
    self.buffers = buffers
  }
}

extension Checkpoint.Header {
  /// The best score so far; nil if other chains are scored from now on, since scores cannot then be compared.
  func best(with other: TrainingConfig) -> ValidationScore? {
    var mine = config.validation
    mine.interval = other.validation.interval
    return mine == other.validation ? best : nil
  }

  /// Whether a setting may change when a run is resumed: its length, how often it is validated and saved, which chains are excluded, and
  /// whether activations are recomputed, which changes no bit.
  private static func mayChange(_ path: String) -> Bool {
    path.hasPrefix("validation.") || changeable.contains(path)
  }

  private static let changeable: Set = [
    "preset", "data.exclude", "data.prefetch", "run.steps", "run.checkpointInterval",
    "run.snapshotInterval", "run.snapshots", "run.recompute",
    "run.weights",  // compared as a file
  ]

  /// Throws unless the checkpoint belongs to a run of that configuration, apart from settings that may change.
  func requireSameRun(as other: TrainingConfig, file: String) throws(TrainingRunError) {
    if config.layout != other.layout || optimizer.layout != other.layout {
      throw .otherRun(
        file: file,
        reason:
          "holds a network of \(optimizer.layout.count) parameters ('\(config.network.name)'), the configuration asks for \(other.layout.count) ('\(other.network.name)')"
      )
    }
    let (mine, theirs) = (settingPaths(of: config), settingPaths(of: other))
    for path in Set(mine.keys).union(theirs.keys).sorted()
    where mine[path] != theirs[path] && !Self.mayChange(path) {
      // The starting weights need not be named again.
      if path == "run.newParts" && theirs[path] == nil { continue }
      throw .otherRun(
        file: file,
        reason:
          "belongs to a run with '\(path)' \(mine[path] ?? "null"), the configuration has \(theirs[path] ?? "null")"
      )
    }
    let (a, b) = (config.run, other.run)
    // A resumed run need not name its starting file again, but must not name another.
    if let path = b.weights, !path.isEmpty, !Self.isSameFile(path, a.weights ?? "") {
      throw .otherRun(
        file: file,
        reason: "belongs to a run that started from \(a.weights ?? "initial values"), not \(path)")
    }
  }

  /// Whether both paths name the same parameter file, possibly through the folder of its run.
  private static func isSameFile(_ path: String, _ other: String) -> Bool {
    let files = [path, other].map { (try? RunWeights.file(at: $0)) ?? $0 }
    return files[0] == files[1] || AtomicFile.isSame(files[0], as: files[1])
  }
}
