import Testing

/// The single line that an error prints; records an issue when it is not one line or nothing is thrown.
public func message(
  sourceLocation: SourceLocation = #_sourceLocation, _ body: () throws -> Void
) -> String {
  if let text = messageIfRefused(sourceLocation: sourceLocation, body) { return text }
  Issue.record("nothing was thrown", sourceLocation: sourceLocation)
  return ""
}

/// The same for input that may be read as well: nil when nothing is thrown.
public func messageIfRefused(
  sourceLocation: SourceLocation = #_sourceLocation, _ body: () throws -> Void
) -> String? {
  do {
    try body()
    return nil
  } catch {
    let text = "\(error)"
    if text.contains("\n") || text.isEmpty {
      Issue.record(
        "a message is one line, not \(text.debugDescription)", sourceLocation: sourceLocation)
    }
    return text
  }
}
