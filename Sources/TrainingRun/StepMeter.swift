import NumericArrays

/// Turns finished steps into a fraction and a remaining time.
struct StepMeter {
  private let first: Int
  private let total: Int
  private let time = RemainingTime(silence: 0.5)

  init(done: Int, total: Int) {
    first = done
    self.total = total
  }

  func update(done: Double) -> (fraction: Double, remaining: Double?) {
    (
      done / Double(total),
      time.seconds(done: done - Double(first), left: Double(total) - done)
    )
  }
}
