import NumericArrays
import Testing

@testable import FeaturePipeline

@Suite("hidden cells of the alignment")
struct MaskedMSATests {
  /// Two columns; the second has 3 of 8 A, 1 of 8 R, 2 of 8 V, 1 X and 1 gap.
  private static let msa = NDArray<UInt8>(
    shape: [8, 2], values: [5, 0, 5, 0, 5, 0, 5, 1, 6, 19, 7, 19, 5, 20, 5, 21])

  // A number in [0, 1) chooses the class; numbers evenly spaced give the shares.
  @Test(
    "a hidden cell shows each class as often as residues, profile and the cell itself say",
    arguments: [0, 1, 7, 19, 20, 21] as [UInt8])
  func shares(same: UInt8) {
    let masked = MaskedMSA(msa: Self.msa)
    let draws = 10_000
    var counts = [Int](repeating: 0, count: 23)
    for draw in 0..<draws {
      let u = Float((Double(draw) + 0.5) / Double(draws))
      counts[Int(masked.replacement(column: 1, same: same, u: u))] += 1
    }
    var profile = [Double](repeating: 0, count: 22)
    (profile[0], profile[1], profile[19]) = (0.375, 0.125, 0.25)
    (profile[20], profile[21]) = (0.125, 0.125)
    for candidate in 0..<22 {
      let uniform = candidate < 20 ? 0.1 / 20 : 0
      let itself = candidate == Int(same) ? 0.1 : 0
      let expected = 0.1 * profile[candidate] + uniform + itself
      let found = Double(counts[candidate]) / Double(draws)
      #expect(abs(found - expected) <= 2e-4, "class \(candidate): \(found), not \(expected)")
    }
    #expect(abs(Double(counts[22]) / Double(draws) - 0.7) <= 2e-4)
  }
}
