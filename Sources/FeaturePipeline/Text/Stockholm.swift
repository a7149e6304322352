import Messages

/// Stockholm alignments, as jackhmmer and hmmsearch write them.
///
/// The first sequence is the query: its gap columns are removed, and letters that other rows have there count
/// as insertions before the next column, as in AlphaFold2's parser. Blocks, CRLF and markup (`#=GC` …) are
/// understood; `.`, `_` and `~` are gaps like `-`; lower case counts as upper case.
public enum Stockholm {
  /// Parses the first alignment of a file.
  public static func parse(_ text: InputText) throws(InputError) -> Alignment {
    var blocks = Blocks()
    var warnings: [String] = []
    for line in text.lines {
      guard let first = line.range.first(where: { text.bytes[$0] > 0x20 }) else { continue }
      if text.bytes[first] == UInt8(ascii: "#") { continue }
      if text.bytes[first...].starts(with: Array("//".utf8)) {
        if text.bytes[line.range.upperBound...].contains(where: { $0 > 0x20 }) {
          warnings.append("only the first alignment of the file was read")
        }
        break
      }
      try blocks.append(line, from: first, of: text)
    }
    return try blocks.alignment(of: text, warnings: warnings)
  }
}

/// Rows as their pieces come in, block after block.
private struct Blocks {
  private var place: [ArraySlice<UInt8>: Int] = [:]
  private var names: [String] = []
  private var rows: [[UInt8]] = []
  private var firstLine: [Int] = []

  mutating func append(
    _ line: InputText.Line, from first: Int, of text: InputText
  ) throws(InputError) {
    let bytes = text.bytes
    let end = line.range.upperBound
    let nameEnd = bytes[first..<end].firstIndex { $0 <= 0x20 } ?? end
    guard let start = bytes[nameEnd..<end].firstIndex(where: { $0 > 0x20 }) else {
      throw text.problem("expected a name and aligned letters", line: line.number)
    }
    let name = bytes[first..<nameEnd]
    let row = place[name] ?? rows.count
    if row == rows.count {
      place[name] = row
      names.append(String(decoding: name, as: UTF8.self))
      rows.append([])
      firstLine.append(line.number)
    }
    for index in start..<end {
      switch bytes[index] {
      case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"):
        rows[row].append(bytes[index] & 0xDF)
      case UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "~"):
        rows[row].append(UInt8(ascii: "-"))
      case 0...0x20: continue
      default:
        throw text.problem(
          "\(InputText.quoted(bytes[index])) is not an alignment letter (A-Z, '-', '.')",
          line: line.number, column: index - line.range.lowerBound + 1)
      }
    }
  }

  func alignment(of text: InputText, warnings: [String]) throws(InputError) -> Alignment {
    guard let query = rows.first else {
      throw .content(file: text.name, problem: "holds no aligned sequence")
    }
    let gap = UInt8(ascii: "-")
    let columns = query.count { $0 != gap }
    guard columns > 0 else {
      throw text.problem("the first sequence has only gaps", line: firstLine[0])
    }
    var letters: [UInt8] = []
    var deletions: [UInt16] = []
    for (index, row) in rows.enumerated() {
      guard row.count == query.count else {
        throw text.problem(
          "row \(index + 1) ('\(names[index].prefix(40))') has \(counted(row.count, "column")), the first row has"
            + " \(query.count)", line: firstLine[index])
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
    return Alignment(
      source: text.name, columns: columns, names: names, letters: letters, deletions: deletions,
      warnings: warnings)
  }
}
