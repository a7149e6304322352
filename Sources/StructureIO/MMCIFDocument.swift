/// The first data block of an mmCIF file: categories with their items and rows.
///
/// STAR syntax as far as mmCIF uses it: loops, single values, quotes, text blocks, comments. Values stay slices of the file until
/// they are read.
struct MMCIFDocument {
  /// A value: where its bytes are, and whether it was quoted, which makes `?` and `.` literal.
  struct Value {
    var start: Int32
    var end: Int32
    var line: Int32
    var isQuoted: Bool
  }

  /// Rows of one category, such as `_atom_site`.
  struct Table {
    var items: [String: Int] = [:]
    var values: [Value] = []
    /// Whether it is a loop, whose items are complete.
    var isLoop = false

    var rowCount: Int { items.isEmpty ? 0 : values.count / items.count }
  }

  let bytes: [UInt8]
  let path: String
  private(set) var name = ""
  private(set) var tables: [String: Table] = [:]

  init(_ bytes: [UInt8], path: String) throws(StructureIOError) {
    guard bytes.count < Int(Int32.max) else {
      throw .unexpectedContent(path: path, message: "the file is larger than 2 GiB")
    }
    self.bytes = bytes
    self.path = path
    try readBlock()
  }

  /// The text of an item in a row; nil if the item is absent, unknown (`?`) or inapplicable (`.`).
  func text(_ table: Table, _ row: Int, _ item: String) -> String? {
    slice(table, row, item)?.text
  }

  /// The bytes of an item in a row; nil if the item is absent, unknown or inapplicable.
  func slice(_ table: Table, _ row: Int, _ item: String) -> ArraySlice<UInt8>? {
    guard let column = table.items[item] else { return nil }
    return slice(table.values[row * table.items.count + column])
  }

  /// The bytes of a value; nil if unknown or inapplicable.
  func slice(_ value: Value) -> ArraySlice<UInt8>? {
    let slice = bytes[Int(value.start)..<Int(value.end)]
    if !value.isQuoted, slice.count == 1, let only = slice.first {
      if only == UInt8(ascii: "?") || only == UInt8(ascii: ".") { return nil }
    }
    return slice
  }

  private mutating func readBlock() throws(StructureIOError) {
    var tokenizer = MMCIFTokenizer(bytes: bytes, path: path)
    var pending = try tokenizer.next()
    var hasBlock = false
    while let token = pending {
      switch token.kind {
      case .block:
        if hasBlock { return }
        hasBlock = true
        name = bytes[Int(token.value.start)..<Int(token.value.end)].text
        pending = try tokenizer.next()
      case .loop:
        pending = try readLoop(&tokenizer, line: token.value.line)
      case .tag:
        let (category, item) = try split(token)
        guard let value = try tokenizer.next(), value.kind == .value else {
          throw .malformed(
            path: path, line: Int(token.value.line),
            message: "item '_\(category).\(item)' has no value")
        }
        if tables[category]?.isLoop == true {
          throw .malformed(
            path: path, line: Int(token.value.line),
            message: "item '_\(category).\(item)' stands outside the loop over '_\(category)'")
        }
        let place = tables[category]?.items.count ?? 0
        if tables[category, default: Table()].items.updateValue(place, forKey: item) != nil {
          throw .malformed(
            path: path, line: Int(token.value.line),
            message: "item '_\(category).\(item)' is given twice")
        }
        tables[category, default: Table()].values.append(value.value)
        pending = try tokenizer.next()
      case .value:
        throw .malformed(
          path: path, line: Int(token.value.line),
          message: "value without an item: '\(slice(token.value)?.prefix(40).text ?? "?")'")
      }
    }
  }

  private mutating func readLoop(
    _ tokenizer: inout MMCIFTokenizer, line: Int32
  ) throws(StructureIOError) -> MMCIFTokenizer.Token? {
    var table = Table(isLoop: true)
    var category: String?
    var token = try tokenizer.next()
    while let tag = token, tag.kind == .tag {
      let (found, item) = try split(tag)
      if let category, category != found {
        throw .malformed(
          path: path, line: Int(tag.value.line),
          message: "a loop over '_\(category)' holds an item of '_\(found)'")
      }
      category = found
      if table.items.updateValue(table.items.count, forKey: item) != nil {
        throw .malformed(
          path: path, line: Int(tag.value.line), message: "item '\(item)' is in the loop twice")
      }
      token = try tokenizer.next()
    }
    guard let category else {
      throw .malformed(path: path, line: Int(line), message: "a loop without items")
    }
    while let value = token, value.kind == .value {
      table.values.append(value.value)
      token = try tokenizer.next()
    }
    guard table.values.count % table.items.count == 0 else {
      throw .malformed(
        path: path, line: Int(line),
        message: "the loop over '_\(category)' has \(table.values.count) values, "
          + "expected a multiple of its \(table.items.count) items; is the file complete?")
    }
    guard tables[category] == nil || category != "atom_site" else {
      throw .malformed(
        path: path, line: Int(line),
        message: "a second table of '_\(category)'; one must hold all rows")
    }
    tables[category] = tables[category] ?? table
    return token
  }

  private func split(_ tag: MMCIFTokenizer.Token) throws(StructureIOError) -> (String, String) {
    let text = bytes[Int(tag.value.start)..<Int(tag.value.end)]
    guard let point = text.firstIndex(of: UInt8(ascii: ".")) else {
      throw .malformed(
        path: path, line: Int(tag.value.line),
        message: "item name '_\(text.text)' without a category")
    }
    return (text[..<point].text.lowercased(), text[(point + 1)...].text.lowercased())
  }
}
