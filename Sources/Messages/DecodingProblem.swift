extension DecodingError {
  /// What is wrong with the JSON of a file, with the path of the value, such as `'targets[2].id' is missing`.
  package var problem: String {
    switch self {
    case .keyNotFound(let key, let context):
      "\(Self.place(context.codingPath + [key]))is missing"
    case .typeMismatch(let type, let context), .valueNotFound(let type, let context):
      "\(Self.place(context.codingPath))must be a \(type)"
    case .dataCorrupted(let context) where !context.codingPath.isEmpty:
      "\(Self.place(context.codingPath))is wrong: \(context.debugDescription)"
    default: "is no valid JSON"
    }
  }

  /// The path in quotes, followed by a blank; empty for the whole file.
  private static func place(_ path: [any CodingKey]) -> String {
    let text = path.reduce("") { text, key in
      if let index = key.intValue { return "\(text)[\(index)]" }
      return text.isEmpty ? key.stringValue : "\(text).\(key.stringValue)"
    }
    return text.isEmpty ? "" : "'\(text)' "
  }
}
