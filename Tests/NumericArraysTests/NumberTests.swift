import NumericArrays
import Testing

@Suite("Random numbers and means")
struct NumberTests {
  @Test(
    "SplitMix64 gives its published numbers for seed 1234567",
    arguments: [[6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423]])
  func splitMix(expected: [UInt64]) {
    var stream = SplitMix64(seed: 1_234_567)
    #expect(expected.map { _ in stream.next() } == expected)
  }

  @Test(
    "the median of an even count is the mean of the middle two, the upper one the larger; of nothing mean and median are 0",
    arguments: [
      ([], 0, 0, nil), ([5], 5, 5, 5), ([1, 2, 9], 4, 2, 2), ([4, 1, 3, 2], 2.5, 2.5, 3),
    ] as [([Double], Double, Double, Double?)])
  func samples(values: [Double], mean: Double, median: Double, upper: Double?) {
    #expect(values.mean == mean && values.median == median)
    if let upper { #expect(values.upperMedian == upper) }
  }
}
