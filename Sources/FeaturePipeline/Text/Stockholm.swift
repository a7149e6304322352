import Messages

/// Stockholm alignments, as jackhmmer and hmmsearch write them.
///
/// The first sequence is the query: its gap columns are removed, and letters that other rows have there count as insertions before
/// the next column, as in AlphaFold2's parser. `.`, `_` and `~` are gaps like `-`; lower case counts as upper case; `*`, a stop in
/// some databases, is read as `X` in all rows except the query. See ``StockholmRows`` for how lines are read.
public enum Stockholm {
  /// Parses the first alignment of a file.
  public static func parse(_ text: InputText) throws(InputError) -> Alignment {
    let found = StockholmRows(text)
    // Everything except letters is rejected before rows are compared.
    var rows: [[UInt8]] = []
    for row in found.rows {
      rows.append(try letters(of: row, in: text, isQuery: rows.isEmpty))
    }
    guard let query = rows.first else {
      throw .content(file: text.name, problem: "holds no aligned sequence")
    }
    let gap = UInt8(ascii: "-")
    let columns = query.count { $0 != gap }
    guard columns > 0 else {
      throw text.problem("the first sequence has only gaps", line: found.rows[0].line)
    }
    var letters: [UInt8] = []
    var deletions: [UInt16] = []
    for (index, row) in rows.enumerated() {
      guard row.count == query.count else {
        throw text.problem(
          "row \(index + 1) ('\(found.rows[index].name.prefix(40))') has \(counted(row.count, "column")), the first row has"
            + " \(query.count)", line: found.rows[index].line)
      }
      var inserted = 0
      for (letter, queryLetter) in zip(row, query) {
        if queryLetter == gap {
          if letter != gap { inserted += 1 }
        } else {
          letters.append(letter)
          deletions.append(UInt16(clamping: inserted))
          inserted = 0
        }
      }
    }
    var warnings = found.isFollowed ? ["only the first alignment of the file was read"] : []
    if !found.isClosed {
      warnings.append("the line // at the end is missing; the file was perhaps cut short")
    }
    return Alignment(
      source: text.name, columns: columns, names: found.rows.map(\.name), letters: letters,
      deletions: deletions, warnings: warnings)
  }

  /// Upper-case letters and `-`; throws with the position of anything else, or of a name without letters.
  private static func letters(
    of row: StockholmRows.Row, in text: InputText, isQuery: Bool
  ) throws(InputError) -> [UInt8] {
    var letters: [UInt8] = []
    for piece in row.pieces {
      if piece.letters.isEmpty {
        throw text.problem("expected a name and aligned letters", line: piece.line.number)
      }
      for index in piece.letters {
        switch text.bytes[index] {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"):
          letters.append(text.bytes[index] & 0xDF)
        case UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "~"):
          letters.append(UInt8(ascii: "-"))
        case UInt8(ascii: "*") where !isQuery: letters.append(UInt8(ascii: "X"))
        case 0...0x20: continue
        default:
          throw text.problem(
            "\(InputText.quoted(text.bytes[index])) is not an alignment letter (A-Z, '-', '.')",
            line: piece.line.number, column: index - piece.line.range.lowerBound + 1)
        }
      }
    }
    return letters
  }
}
