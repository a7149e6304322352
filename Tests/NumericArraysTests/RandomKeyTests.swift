import NumericArrays
import Testing

@Suite("Random keys")
struct RandomKeyTests {
  @Test("shuffles are permutations, and keys at different sites draw differently")
  func shuffles() {
    let key = RandomKey(seed: 3)
    let shuffled = key.shuffled(1..<500)
    #expect(shuffled.sorted() == Array(1..<500) && shuffled != Array(1..<500))
    #expect(key.child(0).shuffled(0..<50) != key.child(1).shuffled(0..<50))
    #expect((0..<1000).allSatisfy { 0..<7 ~= key.integer($0, below: 7) })
    #expect(key.shuffled(0..<0) == [] && key.shuffled(4..<5) == [4])
  }

  @Test("key 0 draws these numbers on every machine")
  func golden() {
    // From the definition in a few lines of Python: mix of SplitMix64, G = 0x9E3779B97F4A7C15, key = mix(G), FNV-1a of the name.
    let key = RandomKey(seed: 0)
    #expect(key.bits(0) == 0xA706_DD2F_4D19_7E6F)
    #expect(key.bits(5) == 0x256F_A269_A242_0EA1)
    #expect(key.child("triangle").bits(2) == 0x6171_6B05_1454_091C)
    #expect(key.interior(3) == 0.6564137070730711)
  }

  @Test("numbers are uniform: mean and variance within five standard errors")
  func uniform() {
    let key = RandomKey(seed: 11).child("x")
    let count = 100_000
    for draw in [{ Double(key.uniform($0)) }, key.interior] {
      let values = (0..<count).map(draw)
      let mean = values.reduce(0, +) / Double(count)
      let variance = values.reduce(0) { $0 + ($1 - 0.5) * ($1 - 0.5) } / Double(count)
      // Of a uniform number: variance 1/12, fourth central moment 1/80.
      #expect(abs(mean - 0.5) < 5 * (1 / 12.0 / Double(count)).squareRoot())
      #expect(
        abs(variance - 1 / 12.0) < 5 * ((1 / 80.0 - 1 / 144.0) / Double(count)).squareRoot())
      #expect(values.allSatisfy { (0..<1).contains($0) })
    }
  }
}
