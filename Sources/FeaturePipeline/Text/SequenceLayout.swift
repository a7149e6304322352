/// How a text that is not an alignment holds sequences; raw values are the names in messages.
package enum SequenceLayout: String, Sendable {
  /// Header lines that begin with `>`, each followed by its sequence.
  case records = "FASTA"
  /// ColabFold's batch input: a line `id,sequence`, then a name and a sequence in each line, with commas or tabs between.
  case table = "table of sequences"
  /// Lines of letters only, one sequence.
  case bare = "bare sequence"

  /// The layout of a text, by its first line, or by all lines if they are letters.
  package init(_ text: InputText) {
    self =
      Self.beginsTable(text.bytes) ? .table : Self.isBare(text.bytes) ? .bare : .records
  }

  /// Whether a text begins with the header of a table; a byte order mark may come before.
  static func beginsTable(_ bytes: [UInt8]) -> Bool {
    let line = bytes.drop { $0 <= 0x20 || $0 >= 0x80 }.prefix {
      $0 != UInt8(ascii: "\n") && $0 != UInt8(ascii: "\r")
    }
    let header = String(decoding: line.prefix(100), as: UTF8.self).lowercased()
      .replacing("\"", with: "")
    let words = header.split { $0.isWhitespace || $0 == "," }
    return words == ["id", "sequence"] && (header.contains(",") || header.contains("\t"))
  }

  /// Whether there is nothing but letters, a stop, and white space at the ends of lines.
  private static func isBare(_ bytes: [UInt8]) -> Bool {
    var hasLetters = false
    var isBehindBlank = false
    for byte in bytes {
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "*"):
        if isBehindBlank { return false }
        hasLetters = hasLetters || byte != UInt8(ascii: "*")
      case UInt8(ascii: "\n"), UInt8(ascii: "\r"): isBehindBlank = false
      case UInt8(ascii: " "), UInt8(ascii: "\t"): isBehindBlank = true
      default: return false
      }
    }
    return hasLetters
  }
}
