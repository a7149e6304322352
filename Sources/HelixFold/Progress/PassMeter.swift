import FoldingModel

/// Turns finished stages into a fraction and a time that remains.
struct PassMeter {
  private let costs: CostModel
  private let passes: Int
  private let ensembles: Int
  private let done: Int
  private let start = ContinuousClock.now

  init(_ costs: CostModel, passes: Int, ensembles: Int, done: Int) {
    self.costs = costs
    self.passes = passes
    self.ensembles = max(1, ensembles)
    self.done = done
  }

  /// The share of all passes that is done, and the seconds that the rest takes at the rate since the start.
  func update(pass: Int, stage: PassStage) -> (fraction: Double, remaining: Double?) {
    let share = costs.fraction(after: stage)
    let fraction = (Double(pass) + share) / Double(passes)
    let before = Double(done) / Double(passes)
    let elapsed = (ContinuousClock.now - start).seconds
    guard fraction > before, elapsed > 0.2, ensembles == 1 else { return (min(fraction, 1), nil) }
    return (min(fraction, 1), elapsed * (1 - fraction) / (fraction - before))
  }
}
