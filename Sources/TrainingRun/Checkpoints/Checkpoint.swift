import AtomicFiles
import FoldingCore
import Training
import TrainingData

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
    /// True if the run was stopped in the validation after the last step, which is then done first; nil otherwise.
    public var owesValidation: Bool?
    /// True while the weights are random numbers with which training begins; nil otherwise.
    public var isRandom: Bool?
    /// Best validation score so far.
    public var best: ValidationScore?
    /// CRC-64 of the names of the chains that it is a score of; nil in checkpoints of earlier builds.
    public var scored: String?
    /// Steps left out in a row, up to now.
    public var skippedInARow: Int
    /// The optimizer without its buffers.
    public var optimizer: OptimizerHeader
    /// Instructions of the kernels of the program that wrote it; nil in checkpoints of earlier builds.
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
  /// The best score so far; nil if other chains are scored from now on, with which it cannot be compared.
  func best(with other: TrainingConfig) -> ValidationScore? {
    var mine = config.validation
    mine.interval = other.validation.interval
    return mine == other.validation ? best : nil
  }

  /// Throws unless the checkpoint belongs to a run of that configuration; its length and the chains that it leaves out may have changed.
  func requireSameRun(as other: TrainingConfig, file: String) throws(TrainingRunError) {
    func refuse(_ part: String) -> TrainingRunError {
      .otherRun(file: file, reason: "belongs to a run with other settings of '\(part)'")
    }
    if config.layout != other.layout || optimizer.layout != other.layout {
      throw .otherRun(
        file: file,
        reason:
          "holds a network of \(optimizer.layout.count) parameters ('\(config.network.name)'), the configuration asks for \(other.layout.count) ('\(other.network.name)')"
      )
    }
    if config.network != other.network { throw refuse("network") }
    if config.loss != other.loss { throw refuse("loss") }
    if config.optimizer != other.optimizer { throw refuse("optimizer") }
    var (mine, theirs) = (config.data, other.data)
    (mine.prefetch, theirs.prefetch) = (0, 0)
    (mine.exclude, theirs.exclude) = (nil, nil)
    if mine != theirs { throw refuse("data") }
    let (a, b) = (config.run, other.run)
    guard a.batch == b.batch, a.seed == b.seed, a.precision == b.precision, a.dropout == b.dropout,
      a.savedActivations == b.savedActivations
    else { throw refuse("run") }
    // A resumed run need not name the file again that it started from, but it must not name another.
    if let path = b.weights, !path.isEmpty, path != a.weights,
      !AtomicFile.isSame(path, as: a.weights ?? "")
    {
      throw .otherRun(
        file: file,
        reason: "belongs to a run that started from \(a.weights ?? "initial values"), not \(path)")
    }
  }
}
