/// Contribution of a pair of letters to the score of an alignment.
public struct SubstitutionScores: Sendable, Hashable {
  /// Row and column of each byte.
  private let classes: [UInt8]
  /// Scores of pairs of classes, row by row. `[count, count]`
  private let table: [Int32]
  private let count: Int

  /// A table over the letters of `order`; lower case counts as upper case, unknown letters as the last one.
  private init(order: String, table: [Int32]) {
    let order = Array(order.utf8)
    count = order.count
    self.table = table
    classes = (0..<256).map { byte in
      UInt8(order.firstIndex(of: UInt8(byte) & ~0x20) ?? order.count - 1)
    }
  }

  /// Row and column of a letter.
  func index(of letter: UInt8) -> Int { Int(classes[Int(letter)]) }

  /// Scores of one row against all columns.
  func row(_ index: Int) -> ArraySlice<Int32> { table[index * count..<(index + 1) * count] }

  /// Score of two letters.
  func score(_ first: UInt8, _ second: UInt8) -> Int {
    Int(table[index(of: first) * count + index(of: second)])
  }

  /// 5 for the same amino acid, −4 for another, 0 if one is unknown: for two copies of one protein, not for a family.
  ///
  /// Chosen so that a mutation costs less than two gaps.
  public static let identity: SubstitutionScores = {
    let order = "ARNDCQEGHILKMFPSTWYVX"
    let count = order.utf8.count
    return SubstitutionScores(
      order: order,
      table: (0..<count * count).map { cell in
        let (row, column) = (cell / count, cell % count)
        if row == count - 1 || column == count - 1 { return 0 }
        return row == column ? 5 : -4
      })
  }()

  /// BLOSUM62 (Henikoff & Henikoff, PNAS 89, 10915, 1992), in units of half a bit.
  public static let blosum62 = SubstitutionScores(
    order: "ARNDCQEGHILKMFPSTWYVBZX", table: blosum62Table)

  private static let blosum62Table: [Int32] = [
    4, -1, -2, -2, 0, -1, -1, 0, -2, -1, -1, -1, -1, -2, -1, 1, 0, -3, -2, 0, -2, -1, 0,
    -1, 5, 0, -2, -3, 1, 0, -2, 0, -3, -2, 2, -1, -3, -2, -1, -1, -3, -2, -3, -1, 0, -1,
    -2, 0, 6, 1, -3, 0, 0, 0, 1, -3, -3, 0, -2, -3, -2, 1, 0, -4, -2, -3, 3, 0, -1,
    -2, -2, 1, 6, -3, 0, 2, -1, -1, -3, -4, -1, -3, -3, -1, 0, -1, -4, -3, -3, 4, 1, -1,
    0, -3, -3, -3, 9, -3, -4, -3, -3, -1, -1, -3, -1, -2, -3, -1, -1, -2, -2, -1, -3, -3, -2,
    -1, 1, 0, 0, -3, 5, 2, -2, 0, -3, -2, 1, 0, -3, -1, 0, -1, -2, -1, -2, 0, 3, -1,
    -1, 0, 0, 2, -4, 2, 5, -2, 0, -3, -3, 1, -2, -3, -1, 0, -1, -3, -2, -2, 1, 4, -1,
    0, -2, 0, -1, -3, -2, -2, 6, -2, -4, -4, -2, -3, -3, -2, 0, -2, -2, -3, -3, -1, -2, -1,
    -2, 0, 1, -1, -3, 0, 0, -2, 8, -3, -3, -1, -2, -1, -2, -1, -2, -2, 2, -3, 0, 0, -1,
    -1, -3, -3, -3, -1, -3, -3, -4, -3, 4, 2, -3, 1, 0, -3, -2, -1, -3, -1, 3, -3, -3, -1,
    -1, -2, -3, -4, -1, -2, -3, -4, -3, 2, 4, -2, 2, 0, -3, -2, -1, -2, -1, 1, -4, -3, -1,
    -1, 2, 0, -1, -3, 1, 1, -2, -1, -3, -2, 5, -1, -3, -1, 0, -1, -3, -2, -2, 0, 1, -1,
    -1, -1, -2, -3, -1, 0, -2, -3, -2, 1, 2, -1, 5, 0, -2, -1, -1, -1, -1, 1, -3, -1, -1,
    -2, -3, -3, -3, -2, -3, -3, -3, -1, 0, 0, -3, 0, 6, -4, -2, -2, 1, 3, -1, -3, -3, -1,
    -1, -2, -2, -1, -3, -1, -1, -2, -2, -3, -3, -1, -2, -4, 7, -1, -1, -4, -3, -2, -2, -1, -2,
    1, -1, 1, 0, -1, 0, 0, 0, -1, -2, -2, 0, -1, -2, -1, 4, 1, -3, -2, -2, 0, 0, 0,
    0, -1, 0, -1, -1, -1, -1, -2, -2, -1, -1, -1, -1, -2, -1, 1, 5, -2, -2, 0, -1, -1, 0,
    -3, -3, -4, -4, -2, -2, -3, -2, -2, -3, -2, -3, -1, 1, -4, -3, -2, 11, 2, -3, -4, -3, -2,
    -2, -2, -2, -3, -2, -1, -2, -3, 2, -1, -1, -2, -1, 3, -3, -2, -2, 2, 7, -1, -3, -2, -1,
    0, -3, -3, -3, -1, -2, -2, -3, -3, 3, 1, -2, 1, -1, -2, -2, 0, -3, -1, 4, -3, -2, -1,
    -2, -1, 3, 4, -3, 0, 1, -1, 0, -3, -4, 0, -3, -3, -2, 0, -1, -4, -3, -3, 4, 1, -1,
    -1, 0, 0, 1, -3, 3, 4, -2, 0, -3, -3, 1, -1, -3, -1, 0, -1, -3, -2, -2, 1, 4, -1,
    0, -1, -1, -1, -2, -1, -1, -1, -1, -1, -1, -1, -1, -1, -2, 0, 0, -2, -1, -1, -1, -1, -1,
  ]
}
