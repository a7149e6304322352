import NumericArrays

/// An estimate of the time for the targets of a run, from those computed so far.
struct TargetMeter {
  private var left: [Int: Double]
  private var computed = 0
  private var operations = 0.0
  private var seconds = 0.0

  /// - Parameter costs: operations of each target, by its place in the run.
  init(_ costs: [Int: Double] = [:]) { left = costs }

  /// Marks targets as done; `computed` of them took the given time, the others failed or were done before.
  mutating func finish(_ indices: [Int], computed: [Int], seconds: Double) {
    let costs = computed.compactMap { left[$0] }
    let done = costs.reduce(0, +)
    if done > 0 {
      self.computed += costs.count
      operations += done
      self.seconds += seconds
    }
    for index in indices { left[index] = nil }
  }

  /// Seconds for all targets that are left; nil until some of a comparable size were computed: small ones take their time for files.
  var remaining: Double? {
    // In the order of places: sums must not depend on the order of a dictionary.
    let ahead = left.sorted { $0.key < $1.key }.reduce(0) { $0 + $1.value }
    // A quarter of the mean of those left.
    guard 4 * operations * Double(left.count) >= ahead * Double(computed) else { return nil }
    return RemainingTime.seconds(done: operations, left: ahead, elapsed: seconds)
  }
}
