import Training

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
    /// Best validation score so far.
    public var best: ValidationScore?
    /// Steps left out in a row, up to now.
    public var skippedInARow: Int
    /// The optimizer without its buffers.
    public var optimizer: OptimizerHeader
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
