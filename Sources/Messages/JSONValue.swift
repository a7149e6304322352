/// A JSON document whose members keep their order.
public indirect enum JSONValue: Sendable {
  case null
  case bool(Bool)
  case integer(Int)
  /// Infinities and NaN are written as null.
  case number(Double)
  case string(String)
  case array([JSONValue])
  case object([(String, JSONValue)])

  /// The document on one line.
  public var text: String {
    switch self {
    case .null: "null"
    case .bool(let value): value ? "true" : "false"
    case .integer(let value): "\(value)"
    case .number(let value): value.isFinite ? "\(value)" : "null"
    case .string(let value): Self.quoted(value)
    case .array(let values): "[" + values.map(\.text).joined(separator: ", ") + "]"
    case .object(let members):
      "{"
        + members.map { "\(Self.quoted($0.0)): \($0.1.text)" }.joined(separator: ", ")
        + "}"
    }
  }

  /// The document with one member per line, four spaces per level.
  public func pretty(indent: String = "") -> String {
    let inner = indent + "    "
    switch self {
    case .array(let values) where !values.isEmpty:
      return "[\n" + values.map { inner + $0.pretty(indent: inner) }.joined(separator: ",\n")
        + "\n\(indent)]"
    case .object(let members) where !members.isEmpty:
      return "{\n"
        + members.map { "\(inner)\(Self.quoted($0.0)): \($0.1.pretty(indent: inner))" }
        .joined(separator: ",\n") + "\n\(indent)}"
    default: return text
    }
  }

  /// A string in quotes with the escapes that JSON demands.
  ///
  /// - Parameter insideHTML: whether it is part of a script in a page: then nothing in it can end the script or a line of it, and all
  ///   control characters, including line feeds, are escaped by number.
  public static func quoted(_ text: String, insideHTML: Bool = false) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"", "\\": result += "\\\(scalar)"
      case "\n" where !insideHTML: result += "\\n"
      case "\r" where !insideHTML: result += "\\r"
      case "\t" where !insideHTML: result += "\\t"
      case _ where scalar.value < 0x20 || (insideHTML && endsScript(scalar)):
        let hex = String(scalar.value, radix: 16)
        result += "\\u" + String(repeating: "0", count: 4 - hex.count) + hex
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }

  /// Whether a character may begin markup, or ends a line of JavaScript.
  private static func endsScript(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar {
    case "<", ">", "&", "\u{2028}", "\u{2029}": true
    default: false
    }
  }
}
