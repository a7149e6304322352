import FeaturePipeline

/// Makes the query of a template search from the alignment found before.
///
/// AlphaFold (`pipeline.py`) takes the first rows of the UniRef90 alignment, to which the search has cut it, drops rows that are
/// equal in the columns of the target, and gives them to hhsearch as A3M or to hmmbuild as Stockholm. Departure: any other alignment
/// serves as well; of it only the number of inserted letters is known, so they are written as unknown residues.
enum TemplateQuery {
  /// A3M of the distinct rows; insertions in lower case.
  static func a3m(_ text: InputText) throws(InputError) -> String {
    if text.bytes.first(where: { $0 > 0x20 }) == UInt8(ascii: ">") {
      return text.bytes.filter { $0 != 0 }.text
    }
    let rows = try distinctRows(text)
    guard let query = rows.first?.letters else { return "" }
    var bytes: [UInt8] = []
    for row in rows {
      bytes += Array(">\(row.name) \(row.description)\n".utf8)
      for (found, target) in zip(row.letters, query) {
        let letter = found == UInt8(ascii: "*") ? UInt8(ascii: "X") : found
        if !isGap(target) {
          bytes.append(isGap(letter) ? UInt8(ascii: "-") : letter & 0xDF)
        } else if !isGap(letter) {
          bytes.append(letter | 0x20)
        }
      }
      bytes.append(UInt8(ascii: "\n"))
    }
    return bytes.text
  }

  /// A3M of the distinct rows of an alignment.
  static func a3m(_ alignment: Alignment) -> String {
    var bytes: [UInt8] = []
    for row in distinctRows(alignment) {
      bytes += Array(">\(name(of: row))\n".utf8)
      for place in places(alignment, row) {
        let inserted = Int(alignment.deletions[place])
        bytes += repeatElement(UInt8(ascii: "x"), count: inserted)
        bytes.append(alignment.letters[place])
      }
      bytes.append(UInt8(ascii: "\n"))
    }
    return bytes.text
  }

  /// Stockholm of the distinct rows of an alignment, the target's columns marked as reference columns.
  ///
  /// hmmbuild learns from it where letters are inserted and how many; of long insertions the first `longestInsertion` letters tell enough.
  static func stockholm(_ alignment: Alignment) -> String {
    let rows = distinctRows(alignment)
    var widths = [Int](repeating: 0, count: alignment.columns)
    for row in rows {
      for (column, place) in places(alignment, row).enumerated() {
        widths[column] = max(
          widths[column], min(longestInsertion, Int(alignment.deletions[place])))
      }
    }
    var bytes = Array("# STOCKHOLM 1.0\n\n".utf8)
    func append(_ name: String, _ letter: (Int) -> UInt8, inserted: (Int) -> Int) {
      bytes += Array("\(name) ".utf8)
      for (column, width) in widths.enumerated() {
        let count = min(width, inserted(column))
        bytes += repeatElement(UInt8(ascii: "x"), count: count)
        bytes += repeatElement(UInt8(ascii: "."), count: width - count)
        bytes.append(letter(column))
      }
      bytes.append(UInt8(ascii: "\n"))
    }
    for row in rows {
      let start = row * alignment.columns
      append(name(of: row)) {
        alignment.letters[start + $0]
      } inserted: {
        Int(alignment.deletions[start + $0])
      }
    }
    append("#=GC RF", { _ in UInt8(ascii: "x") }, inserted: { _ in 0 })
    return bytes.text + "//\n"
  }

  private static let longestInsertion = 20

  private static func name(of row: Int) -> String { row == 0 ? "target" : "row_\(row + 1)" }

  private static func places(_ alignment: Alignment, _ row: Int) -> Range<Int> {
    row * alignment.columns..<(row + 1) * alignment.columns
  }

  /// Numbers of the rows that no earlier one equals, among as many as AlphaFold takes of UniRef90.
  private static func distinctRows(_ alignment: Alignment) -> [Int] {
    let count = min(alignment.rows, DatabaseRole("uniref90").maximumRows ?? alignment.rows)
    var seen: Set<ArraySlice<UInt8>> = []
    return (0..<count).filter { seen.insert(alignment.row($0)).inserted }
  }

  /// Stockholm with the lines of the distinct rows and the line of reference columns, which `hmmbuild --hand` needs.
  static func stockholm(_ text: InputText) throws(InputError) -> String {
    guard Alignment.isStockholm(text) else { return stockholm(try Alignment.parse(text)) }
    let kept = Set(try distinctRows(text).map(\.name))
    var lines: [Substring] = []
    for line in text.byteLines {
      let words = line.words
      let name = line.begins(with: "#=GS") ? words.dropFirst().first : words.first
      let isRow = line.first != UInt8(ascii: "#") || line.begins(with: "#=GS")
      let isFrame =
        words.isEmpty || line.begins(with: "# STOCKHOLM") || line.begins(with: "//")
        || line.begins(with: "#=GC RF")
      if isFrame || isRow && name.map({ kept.contains($0.text) }) ?? false {
        lines.append(Substring(line.text))
      }
    }
    return lines.joined(separator: "\n") + "\n"
  }

  private static func isGap(_ letter: UInt8) -> Bool {
    letter == UInt8(ascii: "-") || letter == UInt8(ascii: ".")
  }

  private static func distinctRows(_ text: InputText) throws(InputError) -> [StockholmRows.Row] {
    let rows = try StockholmRows(hmmer: text).rows
    guard let query = rows.first?.letters else { return [] }
    let columns = query.indices.filter { !isGap(query[$0]) }
    var seen: Set<[UInt8]> = []
    return rows.filter { row in
      let letters = row.letters
      return letters.count == query.count && seen.insert(columns.map { letters[$0] }).inserted
    }
  }
}
