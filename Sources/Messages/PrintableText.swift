extension String {
  /// Longest message, in characters.
  private static let longestMessage = 1000

  /// The text on one line, with control characters as `\u{…}`, truncated if it is too long to read.
  ///
  /// Messages quote names from files, and in a damaged or hostile file these may contain line ends and terminal commands.
  package var printable: String { onOneLine(limit: Self.longestMessage) }

  /// The text on one line as with ``printable``, but never truncated: for contents such as sequences.
  package var onOneLine: String { onOneLine(limit: .max) }

  private func onOneLine(limit: Int) -> String {
    if unicodeScalars.allSatisfy(Self.isHarmless), utf8.count <= limit { return self }
    var result = ""
    var length = 0
    for scalar in unicodeScalars {
      guard length < limit else { return result + "…" }
      if Self.isHarmless(scalar) {
        result.unicodeScalars.append(scalar)
      } else {
        result += "\\u{\(String(scalar.value, radix: 16))}"
      }
      length += 1
    }
    return result
  }

  /// Whether a scalar is neither a control or format character nor a line separator.
  private static func isHarmless(_ scalar: Unicode.Scalar) -> Bool {
    if (0x20..<0x7F).contains(scalar.value) { return true }
    switch scalar.properties.generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .unassigned:
      return false
    default: return true
    }
  }
}
