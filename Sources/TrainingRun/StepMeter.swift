import NumericArrays

/// Turns finished steps into a fraction and a time that remains.
struct StepMeter {
  private let first: Int
  private let total: Int
  private let start = ContinuousClock.now

  init(done: Int, total: Int) {
    first = done
    self.total = total
  }

  func update(done: Int) -> (fraction: Double, remaining: Double?) {
    let elapsed = (ContinuousClock.now - start).seconds
    guard done > first, elapsed > 0.5 else { return (Double(done) / Double(total), nil) }
    return (
      Double(done) / Double(total), elapsed / Double(done - first) * Double(total - done)
    )
  }
}
