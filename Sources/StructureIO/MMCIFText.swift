/// Builds mmCIF text: single items and loops with quoted values.
struct MMCIFText {
  private(set) var lines: [String]

  /// Starts a data block; characters that a block name cannot hold become `_`.
  init(block name: String) {
    let allowed = name.unicodeScalars.map { scalar in
      scalar.isASCII && scalar.value > 0x20 && scalar.value < 0x7F ? Character(scalar) : "_"
    }
    lines = ["data_\(allowed.isEmpty ? "model" : String(allowed))", "#"]
  }

  /// Adds one row of a category as item and value pairs.
  mutating func add(_ category: String, _ items: KeyValuePairs<String, String?>) {
    let width = (items.map(\.key.count).max() ?? 0) + category.count + 2
    for (key, value) in items {
      let name = "_\(category).\(key)"
      let text = Self.quoted(value)
      lines.append(text.hasPrefix("\n") ? name + text : "\(name.left(width)) \(text)")
    }
    lines.append("#")
  }

  /// Adds a category with one or more rows.
  mutating func addLoop(_ category: String, _ items: [String], rows: [[String?]]) {
    guard !rows.isEmpty else { return }
    lines.append("loop_")
    lines += items.map { "_\(category).\($0)" }
    for row in rows { lines.append(row.map(Self.quoted).joined(separator: " ")) }
    lines.append("#")
  }

  /// The whole text.
  var text: String { lines.joined(separator: "\n") + "\n" }

  /// A value in STAR syntax: bare if that is safe, else in quotes or as a text block; nil is `.`, and `?` means unknown.
  ///
  /// CIF 1.1 allows only ASCII.
  static func quoted(_ value: String?) -> String {
    guard let value = value?.inASCII else { return "." }
    if value.isEmpty { return "''" }
    let reserved = ["data_", "loop_", "save_", "stop_", "global_"].contains {
      value.lowercased().hasPrefix($0)
    }
    let isBare =
      !reserved && value != "."
      && !value.utf8.contains { $0 <= 0x20 || $0 >= 0x7F }
      && !"_#$'\";[]".contains(value.first ?? "_")
    if isBare { return value }
    let isOneLine = !value.contains(where: \.isNewline)
    if isOneLine, !value.contains("'") { return "'\(value)'" }
    if isOneLine, !value.contains("\"") { return "\"\(value)\"" }
    return "\n;\(value.replacingLineStarts())\n;\n"
  }
}

extension String {
  /// Puts a blank before semicolons at line starts, which would end a text block.
  fileprivate func replacingLineStarts() -> String {
    split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
      .map { $0.hasPrefix(";") ? " \($0)" : String($0) }.joined(separator: "\n")
  }
}
