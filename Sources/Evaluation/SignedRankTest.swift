import CLibrary

/// Wilcoxon's signed-rank test (1945) of paired differences, two-sided.
///
/// Zeros are dropped; equal sizes share the mean of their ranks. Up to 60 differences the distribution over all signs is counted
/// exactly; above, the normal approximation with the correction for ties is used.
public struct SignedRankTest: Sendable, Hashable {
  /// Differences that are not zero.
  public var count: Int
  /// Sum of the ranks of positive differences.
  public var positiveRanks: Double
  /// Probability of a sum at least as far from its expectation if signs were random; 1 without differences.
  public var pValue: Double

  /// Largest number of differences that is counted exactly.
  public static let exactLimit = 60

  /// Tests differences.
  public init(_ differences: [Double]) {
    let values = differences.filter { $0 != 0 && $0.isFinite }
    // Ranks are doubled, so that means of two ranks are integers.
    let ranks = Self.doubledRanks(values.map(abs))
    count = values.count
    let sum = zip(values, ranks).reduce(0) { $0 + ($1.0 > 0 ? $1.1 : 0) }
    positiveRanks = Double(sum) / 2
    if values.isEmpty {
      pValue = 1
    } else if values.count <= Self.exactLimit {
      pValue = Self.exact(sum, ranks)
    } else {
      pValue = Self.approximate(sum, ranks)
    }
  }

  private static func doubledRanks(_ sizes: [Double]) -> [Int] {
    let order = sizes.indices.sorted { sizes[$0] < sizes[$1] }
    var ranks = [Int](repeating: 0, count: sizes.count)
    var start = 0
    while start < order.count {
      var end = start
      while end < order.count && sizes[order[end]] == sizes[order[start]] { end += 1 }
      for place in start..<end { ranks[order[place]] = start + 1 + end }
      start = end
    }
    return ranks
  }

  /// Counts the signs that lead to each sum.
  private static func exact(_ sum: Int, _ ranks: [Int]) -> Double {
    let total = ranks.reduce(0, +)
    var ways = [Double](repeating: 0, count: total + 1)
    ways[0] = 1
    for rank in ranks {
      for value in stride(from: total, through: rank, by: -1) { ways[value] += ways[value - rank] }
    }
    let distance = abs(2 * sum - total)
    let extreme = ways.indices.reduce(0.0) { $0 + (abs(2 * $1 - total) >= distance ? ways[$1] : 0) }
    return min(1, extreme / pow(2, Double(ranks.count)))
  }

  private static func approximate(_ sum: Int, _ ranks: [Int]) -> Double {
    let total = Double(ranks.reduce(0, +))
    // The sum of independent ± ranks; ties are in the ranks themselves.
    let deviation = ranks.reduce(0.0) { $0 + Double($1 * $1) }.squareRoot() / 2
    let distance = max(0, abs(Double(sum) - total / 2) - 1)  // half a rank, doubled
    return deviation > 0 ? erfc(distance / deviation / 2.0.squareRoot()) : 1
  }
}
