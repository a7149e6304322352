import NumericArrays
import Testing

@testable import Evaluation

@Suite("Statistics of evaluations")
struct StatisticsTests {
  @Test("the bootstrap of {0, 1} has the distribution ¼, ½, ¼ on 0, ½, 1")
  func twoValues() throws {
    let bootstrap = Bootstrap(groups: 2, seed: 1, rounds: 20_000)
    let estimate = try #require(bootstrap.estimate([[0], [1]], \.mean))
    #expect(estimate.value == 0.5)
    #expect(estimate.interval == 0...1)
    var counts: [Double: Int] = [:]
    _ = bootstrap.estimate([[0], [1]]) { sample in
      counts[sample.mean, default: 0] += 1
      return 0
    }
    // 20,000 resamples and the sample itself, whose mean is ½. A count has a standard deviation of at most 71.
    #expect(Set(counts.keys) == [0, 0.5, 1])
    #expect(abs(counts[0, default: 0] - 5_000) < 350)
    #expect(abs(counts[0.5, default: 0] - 10_001) < 350)
    #expect(abs(counts[1, default: 0] - 5_000) < 350)
  }

  @Test("the interval of {1, 2, 6} is that of its 27 resamples")
  func threeValues() throws {
    let values = [1.0, 2, 6]
    let means = values.flatMap { a in values.flatMap { b in values.map { (a + b + $0) / 3 } } }
      .sorted()
    // 2.5 % of 27 lies within the one resample of three equal smallest (3.7 %).
    #expect(means[0] == 1 && means[26] == 6)
    let estimate = try #require(
      Bootstrap(groups: 3, seed: 7, rounds: 50_000).estimate(values.map { [$0] }, \.mean))
    #expect(estimate.value == 3)
    #expect(estimate.interval == means[0]...means[26])
  }

  @Test("groups are drawn whole: two domains of one target never part")
  func groups() throws {
    let estimate = try #require(
      Bootstrap(groups: 2, seed: 1).estimate([[0, 1], [0, 1]], \.mean))
    #expect(estimate.interval == 0.5...0.5)
  }

  @Test("one group says nothing of its spread", arguments: [[[0.0, 1]], [[0, 1], []]])
  func oneGroup(groups: [[Double]]) throws {
    let bootstrap = Bootstrap(groups: groups.count, seed: 1)
    let estimate = try #require(bootstrap.estimate(groups, \.mean))
    #expect(estimate.value == 0.5 && estimate.interval == nil)
  }

  @Test("the same seed gives the same draws, another one others")
  func seeds() {
    let values = (0..<40).map { [Double($0 * $0 % 17)] }
    let first = Bootstrap(groups: 40, seed: 3).estimate(values, \.mean)
    #expect(first == Bootstrap(groups: 40, seed: 3).estimate(values, \.mean))
    #expect(first != Bootstrap(groups: 40, seed: 4).estimate(values, \.mean))
  }

  @Test("a statistic of no values has no estimate")
  func empty() {
    #expect(Bootstrap(groups: 0, seed: 1).estimate([], \.mean) == nil)
    #expect(Bootstrap(groups: 1, seed: 1).estimate([[]], \.mean) == nil)
  }

  @Test(
    "Wilcoxon's p is the share of sign patterns at least as extreme",
    arguments: [
      ([], 1.0), ([0, 0], 1), ([1], 1), ([1, 2, 3, 4, 5], 2.0 / 32), ([-1, 2, 3, 4, 5], 4.0 / 32),
      // Ranks 1 … 6, only rank 3 negative: sums 0 … 3 have 1 + 1 + 1 + 2 patterns on each side.
      ([1, 2, -3, 4, 5, 6], 10.0 / 64),
      // Two equal sizes share rank 1.5: patterns with a sum of 6, of at most 0, each 1 of 8.
      ([1, 1, 2], 2.0 / 8),
      // Sums are 0, 1.5 twice, 3 twice, 4.5 twice, 6; six are at least 1.5 from the middle.
      ([1, -1, 2], 6.0 / 8),
    ] as [([Double], Double)])
  func signedRanks(differences: [Double], p: Double) {
    #expect(abs(SignedRankTest(differences).pValue - p) < 1e-12)
  }

  @Test("beyond the exact limit the normal approximation continues the exact values")
  func approximation() {
    let differences = (1...60).map { Double($0 % 3 == 0 ? -$0 : $0) }
    // Both by counting, in Python: ways = [1]; each rank r adds ways[s - r]; 2 · (ways of sums ≥ W) / 2^n. W is 1200 and 1261.
    // The second is approximated: erfc((1261 - 945.5 - ½) / σ / √2) = 0.02366 with σ² = 61 · 62 · 123 / 24 is 3.3 % above.
    #expect(abs(SignedRankTest(differences).pValue - 0.03556317378476646) < 1e-12)
    let approximate = SignedRankTest(differences + [61]).pValue
    #expect(abs(approximate - 0.02366194165794225) < 1e-12)
    #expect(abs(approximate / 0.02291425150848845 - 1) < 0.05)
  }
}
