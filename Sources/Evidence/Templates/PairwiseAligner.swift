/// Global alignment of two protein sequences with affine gaps, free at the ends.
///
/// Stands in for kalign, which AlphaFold runs to find the chain of an mmCIF file in the sequence of a hit, and which
/// fails on chains of a few residues; this works from one residue on. Gotoh's three-state recursion (J. Mol. Biol.
/// 162, 705, 1982) with BLOSUM62 (Henikoff & Henikoff 1992), gap opening 11, extension 1, the costs BLAST uses
/// with this matrix. Time O(N·M), memory N·M bytes. Among equal alignments pairs come before gaps, so the result is
/// determined.
public struct PairwiseAligner: Sendable {
  /// Cost of the first residue of a gap.
  public var gapOpening = 11
  /// Cost of each further residue of a gap.
  public var gapExtension = 1
  /// Largest table that is filled, in cells of one byte.
  public var maximumCells = 1 << 28

  /// An aligner with the usual costs.
  public init() {}

  /// Two aligned sequences.
  public struct Alignment: Hashable, Sendable {
    /// Places of aligned residues, from 0, in order.
    public var pairs: [Pair]
    /// Sum of matrix entries and gap costs.
    public var score: Int
    /// Pairs of the same residue.
    public var identicalPairs: Int

    /// A residue of the first and one of the second sequence.
    public struct Pair: Hashable, Sendable {
      /// Place in the first sequence.
      public var first: Int
      /// Place in the second sequence.
      public var second: Int
    }
  }

  /// Two sequences whose table would exceed the allowed memory.
  public struct TooLong: Error, Hashable, CustomStringConvertible {
    /// Length of the first sequence.
    public let first: Int
    /// Length of the second sequence.
    public let second: Int
    /// One line that says so.
    public var description: String {
      "sequences of \(first) and \(second) residues are too long to align; cut the longer one"
    }
  }

  /// Aligns two sequences of one-letter codes; lower case counts as upper case, strange letters as `X`.
  public func align(
    _ first: [UInt8], _ second: [UInt8]
  ) throws(TooLong) -> Alignment {
    let (cells, overflow) = (first.count + 1).multipliedReportingOverflow(by: second.count + 1)
    guard !overflow, cells <= maximumCells else {
      throw TooLong(first: first.count, second: second.count)
    }
    let table = fill(first.map(SubstitutionMatrix.row), second.map(SubstitutionMatrix.row))
    return trace(table, first, second)
  }

  /// Origins of the three states of each cell (bits 0–1 pair, 2 gap in second, 3 gap in first) and the best end.
  private struct Table {
    var origins: [UInt8]
    var score = 0
    var end = (i: 0, j: 0)
  }

  private enum Origin {
    static let fromSecondGap: UInt8 = 1
    static let fromFirstGap: UInt8 = 2
    static let secondGapExtends: UInt8 = 4
    static let firstGapExtends: UInt8 = 8
  }

  /// Fills the table row by row; `pair`, `gap` hold the row above until overwritten.
  private func fill(_ a: [Int], _ b: [Int]) -> Table {
    let width = b.count + 1
    let never = Int(Int32.min)
    var table = Table(origins: [UInt8](repeating: 0, count: (a.count + 1) * width))
    var pair = [Int](repeating: 0, count: width)
    var gapInSecond = [Int](repeating: never, count: width)
    var gapInFirst = [Int](repeating: never, count: width)
    for i in a.indices.map({ $0 + 1 }) {
      var above = (pair: pair[0], second: gapInSecond[0], first: gapInFirst[0])
      for j in b.indices.map({ $0 + 1 }) {
        var origin: UInt8 = 0
        var best = above.pair
        if above.second > best { (best, origin) = (above.second, Origin.fromSecondGap) }
        if above.first > best { (best, origin) = (above.first, Origin.fromFirstGap) }
        above = (pair[j], gapInSecond[j], gapInFirst[j])

        let openSecond = above.pair - gapOpening
        let extendSecond = above.second - gapExtension
        if extendSecond > openSecond { origin |= Origin.secondGapExtends }
        gapInSecond[j] = max(openSecond, extendSecond)

        pair[j] = best + SubstitutionMatrix.blosum62[a[i - 1]][b[j - 1]]

        let openFirst = pair[j - 1] - gapOpening
        let extendFirst = gapInFirst[j - 1] - gapExtension
        if extendFirst > openFirst { origin |= Origin.firstGapExtends }
        gapInFirst[j] = max(openFirst, extendFirst)
        table.origins[i * width + j] = origin
        if i == a.count || j == b.count, pair[j] > table.score {
          table.score = pair[j]
          table.end = (i, j)
        }
      }
    }
    return table
  }

  private func trace(_ table: Table, _ a: [UInt8], _ b: [UInt8]) -> Alignment {
    enum State { case pair, gapInSecond, gapInFirst }
    var alignment = Alignment(pairs: [], score: table.score, identicalPairs: 0)
    var (i, j) = table.end
    var state = State.pair
    while i > 0, j > 0 {
      let origin = table.origins[i * (b.count + 1) + j]
      switch state {
      case .pair:
        alignment.pairs.append(.init(first: i - 1, second: j - 1))
        alignment.identicalPairs += a[i - 1] & ~0x20 == b[j - 1] & ~0x20 ? 1 : 0
        state =
          origin & 3 == Origin.fromSecondGap
          ? .gapInSecond : origin & 3 == Origin.fromFirstGap ? .gapInFirst : .pair
        (i, j) = (i - 1, j - 1)
      case .gapInSecond:
        state = origin & Origin.secondGapExtends != 0 ? .gapInSecond : .pair
        i -= 1
      case .gapInFirst:
        state = origin & Origin.firstGapExtends != 0 ? .gapInFirst : .pair
        j -= 1
      }
    }
    alignment.pairs.reverse()
    return alignment
  }
}

/// BLOSUM62 (Henikoff & Henikoff, PNAS 89, 10915, 1992), in units of half a bit.
enum SubstitutionMatrix {
  /// Row of a letter; strange letters as `X`.
  static func row(of letter: UInt8) -> Int { rows[Int(letter)] }

  /// Rows and columns in the order `ARNDCQEGHILKMFPSTWYVBZX`.
  static let blosum62: [[Int]] = [
    [4, -1, -2, -2, 0, -1, -1, 0, -2, -1, -1, -1, -1, -2, -1, 1, 0, -3, -2, 0, -2, -1, 0],
    [-1, 5, 0, -2, -3, 1, 0, -2, 0, -3, -2, 2, -1, -3, -2, -1, -1, -3, -2, -3, -1, 0, -1],
    [-2, 0, 6, 1, -3, 0, 0, 0, 1, -3, -3, 0, -2, -3, -2, 1, 0, -4, -2, -3, 3, 0, -1],
    [-2, -2, 1, 6, -3, 0, 2, -1, -1, -3, -4, -1, -3, -3, -1, 0, -1, -4, -3, -3, 4, 1, -1],
    [0, -3, -3, -3, 9, -3, -4, -3, -3, -1, -1, -3, -1, -2, -3, -1, -1, -2, -2, -1, -3, -3, -2],
    [-1, 1, 0, 0, -3, 5, 2, -2, 0, -3, -2, 1, 0, -3, -1, 0, -1, -2, -1, -2, 0, 3, -1],
    [-1, 0, 0, 2, -4, 2, 5, -2, 0, -3, -3, 1, -2, -3, -1, 0, -1, -3, -2, -2, 1, 4, -1],
    [0, -2, 0, -1, -3, -2, -2, 6, -2, -4, -4, -2, -3, -3, -2, 0, -2, -2, -3, -3, -1, -2, -1],
    [-2, 0, 1, -1, -3, 0, 0, -2, 8, -3, -3, -1, -2, -1, -2, -1, -2, -2, 2, -3, 0, 0, -1],
    [-1, -3, -3, -3, -1, -3, -3, -4, -3, 4, 2, -3, 1, 0, -3, -2, -1, -3, -1, 3, -3, -3, -1],
    [-1, -2, -3, -4, -1, -2, -3, -4, -3, 2, 4, -2, 2, 0, -3, -2, -1, -2, -1, 1, -4, -3, -1],
    [-1, 2, 0, -1, -3, 1, 1, -2, -1, -3, -2, 5, -1, -3, -1, 0, -1, -3, -2, -2, 0, 1, -1],
    [-1, -1, -2, -3, -1, 0, -2, -3, -2, 1, 2, -1, 5, 0, -2, -1, -1, -1, -1, 1, -3, -1, -1],
    [-2, -3, -3, -3, -2, -3, -3, -3, -1, 0, 0, -3, 0, 6, -4, -2, -2, 1, 3, -1, -3, -3, -1],
    [-1, -2, -2, -1, -3, -1, -1, -2, -2, -3, -3, -1, -2, -4, 7, -1, -1, -4, -3, -2, -2, -1, -2],
    [1, -1, 1, 0, -1, 0, 0, 0, -1, -2, -2, 0, -1, -2, -1, 4, 1, -3, -2, -2, 0, 0, 0],
    [0, -1, 0, -1, -1, -1, -1, -2, -2, -1, -1, -1, -1, -2, -1, 1, 5, -2, -2, 0, -1, -1, 0],
    [-3, -3, -4, -4, -2, -2, -3, -2, -2, -3, -2, -3, -1, 1, -4, -3, -2, 11, 2, -3, -4, -3, -2],
    [-2, -2, -2, -3, -2, -1, -2, -3, 2, -1, -1, -2, -1, 3, -3, -2, -2, 2, 7, -1, -3, -2, -1],
    [0, -3, -3, -3, -1, -2, -2, -3, -3, 3, 1, -2, 1, -1, -2, -2, 0, -3, -1, 4, -3, -2, -1],
    [-2, -1, 3, 4, -3, 0, 1, -1, 0, -3, -4, 0, -3, -3, -2, 0, -1, -4, -3, -3, 4, 1, -1],
    [-1, 0, 0, 1, -3, 3, 4, -2, 0, -3, -3, 1, -1, -3, -1, 0, -1, -3, -2, -2, 1, 4, -1],
    [0, -1, -1, -1, -2, -1, -1, -1, -1, -1, -1, -1, -1, -1, -2, 0, 0, -2, -1, -1, -1, -1, -1],
  ]

  private static let rows: [Int] = {
    let order = Array("ARNDCQEGHILKMFPSTWYVBZX".utf8)
    return (0..<256).map { byte in
      order.firstIndex(of: UInt8(byte) & ~0x20) ?? order.count - 1
    }
  }()
}
