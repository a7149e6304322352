import FeaturePipeline

extension InputText {
  /// The bytes of each line; line `n` of the file is element `n − 1`.
  ///
  /// NUL bytes in front are dropped.
  var byteLines: [ArraySlice<UInt8>] { lines.map { bytes[$0.range].drop { $0 == 0 } } }

  /// An error for a line that is not what was expected; `place` counts lines from 0.
  func expected(_ what: String, at place: Int?, in lines: [ArraySlice<UInt8>]) -> InputError {
    guard let place else {
      return .content(file: name, problem: "is empty, expected \(what)")
    }
    return problem("expected \(what), found \(excerpt(lines[place]))", line: place + 1)
  }
}

extension Collection<UInt8> {
  /// Words between blanks; NUL bytes, which MMseqs2 writes between entries, count as blanks.
  var words: [SubSequence] { split { $0 <= 0x20 } }

  /// The bytes as text; invalid UTF-8 is replaced.
  var text: String { String(decoding: self, as: UTF8.self) }

  /// The bytes as an integer, if it fits.
  var integer: Int? { count <= 18 ? Int(text) : nil }

  /// Whether the bytes begin with a word of plain ASCII.
  func begins(with word: StaticString) -> Bool {
    word.withUTF8Buffer { starts(with: $0) }
  }
}

/// Part of a file for a message: short, and without control characters.
func excerpt(_ bytes: some Collection<UInt8>, limit: Int = 40) -> String {
  guard !bytes.isEmpty else { return "an empty line" }
  let shown = bytes.prefix(limit).map { (0x20..<0x7F).contains($0) ? $0 : UInt8(ascii: "?") }
  return "'\(shown.text)\(bytes.count > limit ? "…" : "")'"
}
