import NumericArrays
import Testing

@testable import Protein

struct PairwiseAlignerTests {
  private func align(_ first: String, _ second: String) throws -> PairwiseAligner.Alignment {
    try PairwiseAligner().align(Array(first.utf8), Array(second.utf8))
  }

  // Scores by Biopython 1.88 PairwiseAligner (BLOSUM62, open −11, extend −1, end gaps 0).
  @Test(
    "scores equal those of an independent aligner",
    arguments: [
      ("MKTAYIAKQR", "MKTAYIAKQR", 49), ("MKTAYIAKQR", "MKTAYKQR", 29),
      ("HEAGAWGHEE", "PAWHEAE", 15), ("W", "AWA", 11), ("AAAA", "WWWW", 0),
    ])
  func score(first: String, second: String, expected: Int) throws {
    #expect(try align(first, second).score == expected)
  }

  @Test("a sequence aligned to itself pairs every residue", arguments: [1, 2, 7, 64])
  func identity(length: Int) throws {
    let letters = Array("ACDEFGHIKLMNPQRSTVWY")
    let sequence = String((0..<length).map { letters[$0 * 7 % 20] })
    let result = try align(sequence, sequence.lowercased())
    #expect(result.pairs == (0..<length).map { .init(first: $0, second: $0) })
    #expect(result.identicalPairs == length)
  }

  @Test("the sum of matrix entries and gap costs along the path is the score")
  func pathScore() throws {
    var generator = SystemSeed(7)
    for _ in 0..<200 {
      let first = generator.sequence(0...30)
      let second = generator.sequence(0...30)
      let result = try PairwiseAligner().align(first, second)
      #expect(result.score == recomputed(result, first, second))
      #expect(try PairwiseAligner().align(second, first).score == result.score)
    }
  }

  @Test("sequences beyond the memory limit are refused, not attempted")
  func limit() {
    var aligner = PairwiseAligner()
    aligner.maximumCells = 100
    #expect(throws: PairwiseAligner.TooLong(first: 10, second: 10)) {
      try aligner.align([UInt8](repeating: 65, count: 10), [UInt8](repeating: 65, count: 10))
    }
  }

  // Two of five C are missing from the first sequence; which two, only the break can tell.
  @Test("with identity scores residues that are missing are put at the break", arguments: 2...5)
  func breaks(place: Int) throws {
    let (broken, whole) = (Array("AACCCDD".utf8), Array("AACCCCCDD".utf8))
    let result = try PairwiseAligner(scores: .identity).align(broken, whole, breaks: [place])
    #expect(result.pairs.map(\.first) == Array(0..<7))
    #expect(result.pairs.map(\.second) == (0..<7).map { $0 < place ? $0 : $0 + 2 })
    #expect(result.score == 7 * 5 - 2 - 1)
  }

  @Test("a stretch that differs in both is left out of both rather than paired at any price")
  func oppositeGaps() throws {
    let flank = String(repeating: "ACDEFGHIKL", count: 3)
    let middle = (String(repeating: "W", count: 30), String(repeating: "P", count: 30))
    let result = try align(flank + middle.0 + flank, flank + middle.1 + flank)
    #expect(result.pairs.count == 60 && result.identicalPairs == 60)
  }

  @Test("unknown residues fit any other and score nothing")
  func unknown() throws {
    let result = try PairwiseAligner(scores: .identity).align(Array("AXC".utf8), Array("AWC".utf8))
    #expect(result.pairs.count == 3 && result.score == 10)
  }

  @Test("as few unrelated sequences score high as are expected to, and relatives are not by chance")
  func expectation() throws {
    // Frequencies of Robinson and Robinson (PNAS 88, 8880, 1991), per mille.
    let frequencies: [(Character, Int)] = [
      ("A", 78), ("R", 51), ("N", 45), ("D", 54), ("C", 19), ("Q", 43), ("E", 63), ("G", 74),
      ("H", 22), ("I", 51), ("L", 91), ("K", 57), ("M", 22), ("F", 39), ("P", 52), ("S", 71),
      ("T", 58), ("W", 13), ("Y", 32), ("V", 65),
    ]
    let letters = frequencies.flatMap { [UInt8](repeating: $0.0.asciiValue ?? 65, count: $0.1) }
    #expect(letters.count == 1000)
    var generator = SystemSeed(11)
    func sequence(_ count: Int) -> [UInt8] {
      (0..<count).map { _ in letters[Int(generator.next() % 1000)] }
    }
    let pairs = 1000
    var found = [0.1: 0, 1.0: 0]
    for _ in 0..<pairs {
      let (a, b) = (sequence(120), sequence(180))
      let expected = try PairwiseAligner().align(a, b).expected(lengths: (120, 180))
      for limit in found.keys where expected <= limit { found[limit, default: 0] += 1 }
    }
    // Local alignments would make 0.1 and 1 - 1/e of them (Poisson), those free at the ends only make fewer.
    #expect((0...100).contains(found[0.1] ?? 0), "\(found)")
    #expect((1...632).contains(found[1.0] ?? 0), "\(found)")
    // Every second residue of a protein exchanged: half of it is identical.
    let protein = sequence(120)
    let relative = zip(protein, sequence(120)).enumerated().map { $0 % 2 == 0 ? $1.0 : $1.1 }
    let alignment = try PairwiseAligner().align(protein, relative)
    #expect(alignment.expected(lengths: (120, 120)) < 1e-6)
  }

  private func recomputed(
    _ result: PairwiseAligner.Alignment, _ a: [UInt8], _ b: [UInt8]
  ) -> Int {
    var score = 0
    for pair in result.pairs {
      score += SubstitutionScores.blosum62.score(a[pair.first], b[pair.second])
    }
    for (left, right) in zip(result.pairs, result.pairs.dropFirst()) {
      for gap in [right.first - left.first - 1, right.second - left.second - 1] where gap > 0 {
        score -= 11 + gap - 1
      }
    }
    return score
  }
}

/// SplitMix64, so that a seed gives the same sequences everywhere.
struct SystemSeed: RandomNumberGenerator {
  private var numbers: SplitMix64

  init(_ seed: UInt64) { numbers = SplitMix64(seed: seed) }

  mutating func next() -> UInt64 { numbers.next() }

  mutating func sequence(_ length: ClosedRange<Int>) -> [UInt8] {
    let letters = Array("ACDEFGHIKLMNPQRSTVWY".utf8)
    return (0..<Int.random(in: length, using: &self)).map { _ in letters[Int(next() % 20)] }
  }
}
