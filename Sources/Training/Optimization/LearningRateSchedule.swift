import CLibrary

/// Learning rate by step: linear warm-up, then constant with a stepwise decay.
///
/// Suppl. 1.11.3.
public struct LearningRateSchedule: Codable, Hashable, Sendable {
  /// Rate after the warm-up.
  public var peak = 1e-3
  /// Steps of the warm-up; 0 for none.
  public var warmUpSteps = 1000
  /// Share of the peak at step 0.
  public var warmUpStart = 0.01
  /// Factor of each decay.
  public var decayFactor = 0.95
  /// Steps between decays, counted from the end of the warm-up.
  public var decayInterval = 50_000

  /// First stage: HelixFold `initial.json`.
  public init() {}

  /// Second stage: half the rate, constant.
  ///
  /// HelixFold `finetune.json`.
  public static let fineTune: LearningRateSchedule = {
    var schedule = LearningRateSchedule()
    schedule.peak = 5e-4
    schedule.warmUpSteps = 1
    schedule.decayFactor = 1
    return schedule
  }()

  /// The rate of a step, counted from 0 at the start of the stage.
  public func rate(at step: Int) -> Double {
    if step < warmUpSteps {
      return peak * (warmUpStart + (1 - warmUpStart) * Double(step) / Double(warmUpSteps))
    }
    return peak * pow(decayFactor, Double((step - warmUpSteps) / max(decayInterval, 1)))
  }
}
