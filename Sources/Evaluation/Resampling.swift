import NumericArrays

extension SplitMix64 {
  /// A number below a bound, uniform to within 2⁻⁴⁰.
  mutating func next(below bound: Int) -> Int {
    Int(next().multipliedFullWidth(by: UInt64(max(1, bound))).high)
  }
}

/// A number estimated from a sample, with its bootstrap interval.
public struct Estimate: Sendable, Hashable {
  /// The number.
  public var value: Double
  /// From the 2.5th to the 97.5th percentile of its bootstrap distribution; nil for too few groups.
  public var interval: ClosedRange<Double>?
}

/// The bootstrap (Efron 1979): draws samples of groups with replacement, the same draws for all statistics.
///
/// Domains of one protein are not independent: a group is a target with all its measurements.
public struct Bootstrap: Sendable {
  /// Number of resamples.
  public static let rounds = 2000
  /// Targets from which on an evaluation gives intervals: of fewer, resampling cannot tell the spread.
  public static let leastTargets = 5
  /// Groups drawn in each round.
  private let draws: [[Int]]
  private let leastGroups: Int

  /// Draws for a number of groups.
  ///
  /// - Parameter leastGroups: groups with values from which on an estimate has an interval.
  public init(
    groups: Int, seed: UInt64, rounds: Int = Bootstrap.rounds, leastGroups: Int = 2
  ) {
    self.leastGroups = leastGroups
    var random = SplitMix64(seed: seed)
    draws =
      groups == 0
      ? [] : (0..<rounds).map { _ in (0..<groups).map { _ in random.next(below: groups) } }
  }

  /// A statistic of all values with its percentile interval; nil without values.
  ///
  /// - Parameter groups: values of each group; as many groups as were drawn.
  public func estimate(
    _ groups: [[Double]], _ statistic: ([Double]) -> Double
  ) -> Estimate? {
    let all = groups.flatMap { $0 }
    guard !all.isEmpty else { return nil }
    let value = statistic(all)
    if groups.count(where: { !$0.isEmpty }) < leastGroups {
      return Estimate(value: value, interval: nil)
    }
    let resampled = draws.compactMap { draw -> Double? in
      let sample = draw.flatMap { groups[$0] }
      return sample.isEmpty ? nil : statistic(sample)
    }.sorted()
    guard let low = Self.percentile(resampled, 0.025), let high = Self.percentile(resampled, 0.975)
    else { return Estimate(value: value, interval: nil) }
    return Estimate(value: value, interval: low...max(low, high))
  }

  private static func percentile(_ sorted: [Double], _ share: Double) -> Double? {
    guard !sorted.isEmpty else { return nil }
    return sorted[min(sorted.count - 1, Int(share * Double(sorted.count)))]
  }
}
