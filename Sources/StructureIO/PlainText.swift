extension String {
  /// The text in printable ASCII and line ends, which PDB and CIF 1.1 are limited to; anything else becomes `?`.
  var inASCII: String {
    if utf8.allSatisfy({ $0 >= 0x20 && $0 < 0x7F || $0 == 0x0A }) { return self }
    return map { character in
      if character.isNewline { return "\n" }
      if character == "…" { return "..." }
      if character == "\t" { return " " }
      return character.isASCII && character >= " " && character < "\u{7F}" ? String(character) : "?"
    }.joined()
  }
}
