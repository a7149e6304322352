import TrainingData

extension Trainer {
  /// What the caller may show.
  public enum Event: Sendable {
    /// The folder belongs to this run, and its first step or a validation that is owed follows; told by the process that writes.
    case started
    /// So many samples of a step that goes on were done, or chains of the validation after it.
    case part(StepPart, fraction: Double, remaining: Double?)
    /// A step was done; `remaining` in seconds, nil until it can be told.
    case step(TrainingRecord, fraction: Double, remaining: Double?)
    /// A validation was done; whether it is the best so far.
    case validation(TrainingRecord, isBest: Bool)
    /// A step was left out.
    case skipped(TrainingRecord)
    /// Something that people should know, in one line; told by the process that writes.
    case caution(String)
  }

  /// How far a step or the validation after it is; −1 is the step before the first.
  public struct StepPart: Hashable, Sendable {
    /// Number of the step.
    public var step: Int
    /// Whether chains are validated.
    public var isValidation = false
    /// Samples or chains that were done; where several processes share them, all count as far as this one.
    public var done: Int
    /// Samples or chains in all.
    public var count: Int
  }

  /// What one call of `run` works with.
  struct Work {
    let shouldStop: () -> Bool
    let observe: (Event) throws -> Void
    let samples: Prefetcher
    /// Chains of the validation.
    let held: [TrainingSample]
    /// Samples between two questions whether to stop, and chains of a validation.
    let window, chains: Int
  }
}
