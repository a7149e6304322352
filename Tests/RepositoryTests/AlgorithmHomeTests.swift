import Testing

/// Algorithms of the AlphaFold2 supplement, 1 to 32.
///
/// A file claims an algorithm by a line of a doc comment that begins with its number, followed by the source:
/// `/// Algorithm 10 (Jumper et al. 2021, Suppl. 1.6.4).` or `/// Algorithms 9 and 15 (…`.
@Suite("Homes of the supplement's algorithms")
struct AlgorithmHomeTests {
  static func claims(in file: Repository.File) -> [Int] {
    file.lines(with: ["/// Algorithm"]).flatMap { line -> [Int] in
      guard
        let match = line.text.firstMatch(
          of: /^\s*\/\/\/ Algorithms? ([0-9]+(?:(?:, | and )[0-9]+)*) \(/)
      else {
        return []
      }
      return match.1.matches(of: /[0-9]+/).compactMap { Int($0.0) }
    }
  }

  static let homes: [Int: Set<String>] = Repository.sources.reduce(into: [:]) { homes, file in
    for number in claims(in: file) { homes[number, default: []].insert(file.path) }
  }

  @Test("each algorithm has exactly one home", arguments: 1...32)
  func oneHome(algorithm: Int) {
    let files = Self.homes[algorithm, default: []].sorted()
    #expect(files.count == 1, "Algorithm \(algorithm) is claimed by \(files)")
  }

  @Test("no file claims an algorithm that the supplement does not have")
  func numbersInRange() {
    #expect(Self.homes.keys.filter { !(1...32).contains($0) }.isEmpty)
  }

  @Test(
    "only lines that begin with the number claim an algorithm",
    arguments: [
      ("/// Algorithm 10 (Jumper et al. 2021, Suppl. 1.6.4).", [10]),
      ("  /// Algorithms 9 and 15 (Jumper et al. 2021, Suppl. 1.6.3 and 1.6.7)", [9, 15]),
      ("/// Line 3 of Algorithms 7, 13 and 14: a bias", []),
      ("// Algorithm 10 (Jumper et al. 2021)", []),
      ("/// Algorithm 20, line 17", []),
    ])
  func claimingLine(line: String, numbers: [Int]) {
    #expect(Self.claims(in: Repository.File(path: "x.swift", text: line)) == numbers)
  }
}
