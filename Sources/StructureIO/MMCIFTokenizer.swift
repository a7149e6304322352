/// Splits the text of an mmCIF file into block names, loop marks, item names and values.
struct MMCIFTokenizer {
  /// What a token is.
  enum Kind { case block, loop, tag, value }

  /// A token; the value of a block or tag is its name without the prefix.
  struct Token {
    var kind: Kind
    var value: MMCIFDocument.Value
  }

  private let bytes: [UInt8]
  private let path: String
  private var position = 0
  private var line: Int32 = 1

  init(bytes: [UInt8], path: String) {
    self.bytes = bytes
    self.path = path
  }

  /// The next token; nil at the end.
  mutating func next() throws(StructureIOError) -> Token? {
    skipBlanks()
    guard position < bytes.count else { return nil }
    let start = position
    switch bytes[start] {
    case UInt8(ascii: ";") where start == 0 || bytes[start - 1] == 0x0A:
      return try textBlock()
    case UInt8(ascii: "'"), UInt8(ascii: "\""):
      return try quoted(by: bytes[start])
    default:
      while position < bytes.count, !isBlank(bytes[position]) { position += 1 }
      return word(start, position)
    }
  }

  private mutating func skipBlanks() {
    while position < bytes.count {
      let byte = bytes[position]
      if byte == UInt8(ascii: "#") {
        while position < bytes.count, bytes[position] != 0x0A { position += 1 }
      } else if isBlank(byte) {
        if byte == 0x0A { line += 1 }
        position += 1
      } else {
        return
      }
    }
  }

  private func isBlank(_ byte: UInt8) -> Bool { byte <= 0x20 }

  private func word(_ start: Int, _ end: Int) -> Token {
    if bytes[start] == UInt8(ascii: "_") { return token(.tag, start + 1, end) }
    if end - start >= 5 {
      let lead = bytes[start..<start + 5].text.lowercased()
      if lead == "data_" { return token(.block, start + 5, end) }
      if lead == "loop_", end - start == 5 { return token(.loop, start, end) }
    }
    return token(.value, start, end)
  }

  /// A closing quote is followed by a blank or the end of the line.
  private mutating func quoted(by quote: UInt8) throws(StructureIOError) -> Token {
    let start = position + 1
    position = start
    while position < bytes.count, bytes[position] != 0x0A {
      if bytes[position] == quote, position + 1 == bytes.count || isBlank(bytes[position + 1]) {
        position += 1
        return token(.value, start, position - 1, isQuoted: true)
      }
      position += 1
    }
    throw .malformed(path: path, line: Int(line), message: "a quote that does not end on its line")
  }

  /// Text between two lines that start with a semicolon.
  private mutating func textBlock() throws(StructureIOError) -> Token {
    let start = position + 1
    let firstLine = line
    position = start
    while position < bytes.count {
      if bytes[position] == 0x0A {
        line += 1
        if position + 1 < bytes.count, bytes[position + 1] == UInt8(ascii: ";") {
          let end = position
          position += 2
          return Token(
            kind: .value,
            value: .init(
              start: Int32(start), end: Int32(end), line: firstLine, isQuoted: true))
        }
      }
      position += 1
    }
    throw .malformed(
      path: path, line: Int(firstLine), message: "a text block that starts here does not end")
  }

  private func token(_ kind: Kind, _ start: Int, _ end: Int, isQuoted: Bool = false) -> Token {
    Token(
      kind: kind,
      value: .init(start: Int32(start), end: Int32(end), line: line, isQuoted: isQuoted))
  }
}
