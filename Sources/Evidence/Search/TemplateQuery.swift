import FeaturePipeline

/// Makes the query of a template search from the alignment found before.
///
/// AlphaFold (`pipeline.py`) takes the first rows of the UniRef90 alignment, to which the search has truncated it, drops rows that
/// are equal in the columns of the target, and passes them to hhsearch as A3M or to hmmbuild as Stockholm.
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

  /// Stockholm with the lines of the distinct rows and the line of reference columns, which `hmmbuild --hand` needs.
  static func stockholm(_ text: InputText) throws(InputError) -> String {
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
