import Testing

@testable import HelixFold

@Suite("Scores of held-out chains")
struct HeldOutScoresTests {
  // F. J. Anscombe, The American Statistician 27, 17 (1973), the first of four sets.
  private let x = [10.0, 8, 13, 9, 11, 14, 6, 4, 12, 7, 5]
  private let y = [8.04, 6.95, 7.58, 8.81, 8.33, 9.96, 7.24, 4.26, 10.84, 4.82, 5.68]

  @Test("the correlation is Pearson's, of ten chains and more that differ")
  func correlation() throws {
    let found = try #require(HeldOutScores.correlation(x, y))
    #expect(abs(found - 0.816420516) < 1e-9)
    #expect(HeldOutScores.correlation(Array(x.prefix(10)), Array(y.prefix(10))) != nil)
    #expect(HeldOutScores.correlation(Array(x.prefix(9)), Array(y.prefix(9))) == nil)
    #expect(HeldOutScores.correlation(x, x.map { _ in 0.5 }) == nil)
  }
}
