import NumericArrays

/// The time that the targets of a run will take, judged by those that it has computed.
struct TargetMeter {
  private var left: [Int: Double]
  private var operations = 0.0
  private var seconds = 0.0

  /// - Parameter costs: operations of each target, by its place in the run.
  init(_ costs: [Int: Double] = [:]) { left = costs }

  /// Some targets need nothing more; of them `computed` took this long, the others failed or were there before.
  mutating func finish(_ indices: [Int], computed: [Int], seconds: Double) {
    let done = computed.compactMap { left[$0] }.reduce(0, +)
    if done > 0 {
      operations += done
      self.seconds += seconds
    }
    for index in indices { left[index] = nil }
  }

  /// Seconds for all targets that are left; nil before the first was computed.
  var remaining: Double? {
    // In the order of places: sums must not depend on the order of a dictionary.
    let ahead = left.sorted { $0.key < $1.key }.reduce(0) { $0 + $1.value }
    return RemainingTime.seconds(done: operations, left: ahead, elapsed: seconds)
  }
}
