/// Global alignment of two protein sequences with affine gaps, free at the ends.
///
/// Stands in for kalign, which AlphaFold runs to find the chain of an mmCIF file in the sequence of a hit, and which fails on
/// chains of a few residues; this works from one residue on. The scorer uses it to match residues of a model. Gotoh's three-state
/// recursion (J. Mol. Biol. 162, 705, 1982), by default with BLOSUM62, gap opening 11 and extension 1, the costs BLAST uses with
/// this matrix. Time O(N·M), memory N·M bytes. Among equal alignments pairs take precedence over gaps, so the result is unique.
public struct PairwiseAligner: Sendable {
  /// Scores of pairs of letters.
  public var scores: SubstitutionScores
  /// Cost of the first residue of a gap.
  public var gapOpening = 11
  /// Cost of the first residue of a gap at a break of the first sequence.
  public var gapOpeningAtBreak = 2
  /// Cost of each further residue of a gap.
  public var gapExtension = 1
  /// Largest table that is filled, in cells of one byte.
  public var maximumCells = 1 << 28

  /// An aligner with the usual costs.
  public init(scores: SubstitutionScores = .blosum62) { self.scores = scores }

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

  /// Aligns two sequences of one-letter codes; lower case counts as upper case, unknown letters as `X`.
  ///
  /// - Parameter breaks: places in `first` before which its chain is broken; residues of `second` left out there cost
  ///   little, so that missing residues end up at the break.
  public func align(
    _ first: [UInt8], _ second: [UInt8], breaks: Set<Int> = []
  ) throws(TooLong) -> Alignment {
    let (cells, overflow) = (first.count + 1).multipliedReportingOverflow(by: second.count + 1)
    guard !overflow, cells <= maximumCells else {
      throw TooLong(first: first.count, second: second.count)
    }
    let table = fill(first.map(scores.index), second.map(scores.index), breaks)
    return trace(table, first, second)
  }

  /// How an alignment ends at a cell; cases are in order of preference for ties.
  private enum State: UInt8 {
    case pair, gapInSecond, gapInFirst
  }

  /// Best scores of the three states at a cell.
  private struct Cell {
    var pair: Int32
    var gapInSecond: Int32
    var gapInFirst: Int32

    /// The best score after continuing from each state at the given costs, and that state.
    @inline(__always)
    func best(_ fromPair: Int32, _ fromSecond: Int32, _ fromFirst: Int32) -> (Int32, UInt8) {
      var best = (pair - fromPair, State.pair.rawValue)
      if gapInSecond - fromSecond > best.0 {
        best = (gapInSecond - fromSecond, State.gapInSecond.rawValue)
      }
      if gapInFirst - fromFirst > best.0 {
        best = (gapInFirst - fromFirst, State.gapInFirst.rawValue)
      }
      return best
    }
  }

  /// Where each state of each cell came from, two bits a state (0–1 pair, 2–3 gap in second, 4–5 gap in first), and the
  /// best end.
  private struct Table {
    var origins: [UInt8]
    var score: Int32 = 0
    var end = (i: 0, j: 0)
  }

  /// Fills the table row by row; `cells` holds the row above until overwritten.
  private func fill(_ a: [Int], _ b: [Int], _ breaks: Set<Int>) -> Table {
    let width = b.count + 1
    let (opening, extending) = (Int32(clamping: gapOpening), Int32(clamping: gapExtension))
    // Half the range, so that costs can be subtracted from it.
    let begin = Cell(pair: 0, gapInSecond: Int32.min / 2, gapInFirst: Int32.min / 2)
    var table = Table(origins: [UInt8](repeating: 0, count: (a.count + 1) * width))
    var cells = [Cell](repeating: begin, count: width)
    for i in a.indices.map({ $0 + 1 }) {
      let row = Array(scores.row(a[i - 1]))
      let openFirst = breaks.contains(i) ? Int32(clamping: gapOpeningAtBreak) : opening
      var diagonal = begin
      var left = begin
      for j in b.indices.map({ $0 + 1 }) {
        let above = cells[j]
        let (pair, pairOrigin) = diagonal.best(0, 0, 0)
        let (second, secondOrigin) = above.best(opening, extending, opening)
        let (first, firstOrigin) = left.best(openFirst, openFirst, extending)
        left = Cell(pair: pair + row[b[j - 1]], gapInSecond: second, gapInFirst: first)
        cells[j] = left
        diagonal = above
        table.origins[i * width + j] = pairOrigin | secondOrigin << 2 | firstOrigin << 4
        if i == a.count || j == b.count, left.pair > table.score {
          table.score = left.pair
          table.end = (i, j)
        }
      }
    }
    return table
  }

  private func trace(_ table: Table, _ a: [UInt8], _ b: [UInt8]) -> Alignment {
    var alignment = Alignment(pairs: [], score: Int(table.score), identicalPairs: 0)
    var (i, j) = table.end
    var state = State.pair
    while i > 0, j > 0 {
      let origin = table.origins[i * (b.count + 1) + j] >> (2 * state.rawValue) & 3
      switch state {
      case .pair:
        alignment.pairs.append(.init(first: i - 1, second: j - 1))
        alignment.identicalPairs += a[i - 1] & ~0x20 == b[j - 1] & ~0x20 ? 1 : 0
        (i, j) = (i - 1, j - 1)
      case .gapInSecond: i -= 1
      case .gapInFirst: j -= 1
      }
      state = State(rawValue: origin) ?? .pair
    }
    alignment.pairs.reverse()
    return alignment
  }
}
