/// Global alignment of two sequences of the same protein, one of which may lack residues.
///
/// Needleman–Wunsch with affine gaps (Gotoh 1982). Identity scores: what is compared is one protein, not a family. Gaps at the
/// ends are free, gaps where the other chain is broken are cheap, so that missing residues end up at the break.
enum SequenceAlignment {
  /// Scores, chosen so that a mismatch costs more than no pair but a mutation less than two gaps.
  private static let match: Int32 = 5
  private static let mismatch: Int32 = -4
  private static let unknown: Int32 = 0
  private static let open: Int32 = -11
  private static let openAtBreak: Int32 = -2
  private static let extend: Int32 = -1

  /// Largest number of cells; the trace takes a byte for each.
  static let cellLimit = 1 << 30

  /// For each residue of `second` the place of its partner in `first`; nil where there is none.
  ///
  /// - Parameters:
  ///   - breaks: places in `second` before which its chain is broken.
  ///   - unknownType: a type that fits any other without a score.
  static func partners(
    of second: [UInt8], in first: [UInt8], breaks: Set<Int>, unknownType: UInt8
  ) -> [Int?] {
    let rows = second.count
    let columns = first.count
    var partners = [Int?](repeating: nil, count: rows)
    guard rows > 0, columns > 0 else { return partners }
    let trace = fillTrace(second, first, breaks, unknownType)
    var (i, j) = (rows, columns)
    var state: UInt8 = trace[i * (columns + 1) + j] & 3
    while i > 0, j > 0 {
      let cell = trace[i * (columns + 1) + j]
      switch state {
      case 0:
        partners[i - 1] = j - 1
        i -= 1
        j -= 1
        state = trace[i * (columns + 1) + j] & 3
      case 1:
        let opened = cell & 4 != 0
        j -= 1
        if opened { state = trace[i * (columns + 1) + j] & 3 }
      default:
        let opened = cell & 8 != 0
        i -= 1
        if opened { state = trace[i * (columns + 1) + j] & 3 }
      }
    }
    return partners
  }

  /// Per cell: bits 0–1 the best state (0 pair, 1 gap in `second`, 2 gap in `first`), bits 2 and 3 whether that gap opened here.
  private static func fillTrace(
    _ second: [UInt8], _ first: [UInt8], _ breaks: Set<Int>, _ unknownType: UInt8
  ) -> [UInt8] {
    let columns = first.count
    let lowest = Int32.min / 2
    var trace = [UInt8](repeating: 0, count: (second.count + 1) * (columns + 1))
    var best = [Int32](repeating: 0, count: columns + 1)
    var down = [Int32](repeating: lowest, count: columns + 1)
    for j in 1...columns { trace[j] = 1 | (j == 1 ? 4 : 0) }
    for i in 1...second.count {
      let rowStart = i * (columns + 1)
      let type = second[i - 1]
      let isLastRow = i == second.count
      let openRight = isLastRow ? 0 : breaks.contains(i) ? openAtBreak : open
      let extendRight = isLastRow ? 0 : extend
      var diagonal = best[0]
      best[0] = 0
      trace[rowStart] = 2 | (i == 1 ? 8 : 0)
      var right = lowest
      for j in 1...columns {
        let isLastColumn = j == columns
        let other = first[j - 1]
        let score =
          type == unknownType || other == unknownType ? unknown : type == other ? match : mismatch
        let pair = diagonal + score
        diagonal = best[j]
        let rightOpened = best[j - 1] + openRight
        let rightExtended = right + extendRight
        right = max(rightOpened, rightExtended)
        let downOpened = best[j] + (isLastColumn ? 0 : open)
        let downExtended = down[j] + (isLastColumn ? 0 : extend)
        down[j] = max(downOpened, downExtended)
        var cell: UInt8 = rightOpened >= rightExtended ? 4 : 0
        if downOpened >= downExtended { cell |= 8 }
        best[j] = max(pair, right, down[j])
        if best[j] != pair { cell |= best[j] == right ? 1 : 2 }
        trace[rowStart + j] = cell
      }
    }
    return trace
  }
}
