import TrainingData

extension Trainer {
  /// Events that the caller may report.
  public enum Event: Sendable {
    /// The folder belongs to this run, and its first step or an owed validation follows; sent by the process that writes.
    case started
    /// Some samples of the current step, or chains of the validation after it, are done.
    case part(StepPart, fraction: Double, remaining: Double?)
    /// A step is done; `remaining` in seconds, nil while no estimate is possible.
    case step(TrainingRecord, fraction: Double, remaining: Double?)
    /// A validation is done, and whether it is the best so far.
    case validation(TrainingRecord, isBest: Bool)
    /// A step was skipped.
    case skipped(TrainingRecord)
    /// A caution in one line; sent by the process that writes.
    case caution(String)
  }

  /// Progress of a step or of the validation after it; −1 is the step before the first.
  public struct StepPart: Hashable, Sendable {
    /// Number of the step.
    public var step: Int
    /// Whether chains are validated.
    public var isValidation = false
    /// Samples or chains done; if several processes share them, all are assumed to be as far as this one.
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
    /// Samples, and chains of a validation, between two checks whether to stop.
    let window, chains: Int
  }
}
