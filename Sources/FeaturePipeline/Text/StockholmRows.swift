/// The rows of the first alignment of a Stockholm file, before their letters are checked.
///
/// A line is a name and, after blanks, letters, which may have blanks between them; lines with the same name form one row. `//`
/// ends the alignment. Of the markup (lines that begin with `#`) only descriptions (`#=GS NAME DE …`) are kept.
package struct StockholmRows {
  /// One row.
  package struct Row {
    /// A line of the row: where its letters are, blanks between them included; empty if the name stands alone.
    struct Piece {
      let line: InputText.Line
      let letters: Range<Int>
    }

    /// First word of its lines.
    package let name: String
    fileprivate(set) var pieces: [Piece]
    fileprivate var descriptionRange = 0..<0
    fileprivate let text: InputText

    /// Line on which the row begins, from 1.
    package var line: Int { pieces[0].line.number }

    /// Letters as in the file, without blanks.
    package var letters: [UInt8] {
      pieces.flatMap { text.bytes[$0.letters].filter { $0 > 0x20 } }
    }

    /// The file's description of the row, or empty.
    package var description: String { text.string(descriptionRange) }
  }

  /// Rows in the order in which they begin.
  package private(set) var rows: [Row] = []
  /// Whether more text follows the alignment.
  private(set) var isFollowed = false
  /// Whether `//` ends the alignment; a file without it was perhaps cut short.
  package private(set) var isClosed = false

  /// Collects the lines of a text.
  package init(_ text: InputText) {
    let bytes = text.bytes
    var places: [ArraySlice<UInt8>: Int] = [:]
    var descriptions: [ArraySlice<UInt8>: Range<Int>] = [:]
    for line in text.lines {
      guard let first = line.range.first(where: { bytes[$0] > 0x20 }) else { continue }
      let content = bytes[first..<line.range.upperBound]
      if content.starts(with: "//".utf8) {
        isClosed = true
        isFollowed = bytes[line.range.upperBound...].contains { $0 > 0x20 }
        break
      }
      if content.first == UInt8(ascii: "#") {
        let words = content.split(maxSplits: 3) { $0 <= 0x20 }
        if words.count > 3, words[0].elementsEqual("#=GS".utf8), words[2].elementsEqual("DE".utf8) {
          descriptions[words[1]] = words[3].indices
        }
        continue
      }
      let name = content.prefix { $0 > 0x20 }
      let start = content[name.endIndex...].firstIndex { $0 > 0x20 } ?? content.endIndex
      let piece = Row.Piece(line: line, letters: start..<content.endIndex)
      if let place = places[name] {
        rows[place].pieces.append(piece)
      } else {
        places[name] = rows.count
        rows.append(Row(name: String(decoding: name, as: UTF8.self), pieces: [piece], text: text))
      }
    }
    for (name, range) in descriptions {
      if let place = places[name] { rows[place].descriptionRange = range }
    }
  }
}
