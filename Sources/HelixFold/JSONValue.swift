import StructureIO

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
    case .string(let value): PredictionFiles.quoted(value)
    case .array(let values): "[" + values.map(\.text).joined(separator: ", ") + "]"
    case .object(let members):
      "{"
        + members.map { "\(PredictionFiles.quoted($0.0)): \($0.1.text)" }.joined(separator: ", ")
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
        + members.map { "\(inner)\(PredictionFiles.quoted($0.0)): \($0.1.pretty(indent: inner))" }
        .joined(separator: ",\n") + "\n\(indent)}"
    default: return text
    }
  }
}
