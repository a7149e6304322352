import Messages

/// What is wrong with the configuration of a network or of a training run.
public enum ConfigurationError: Error, Hashable, CustomStringConvertible, ExitStatusError {
  /// The file cannot be read as a JSON object.
  case unreadable(file: String, reason: String)
  /// A key that no configuration has.
  case unknownKey(file: String, key: String, known: [String])
  /// A value of the wrong kind or size.
  case badValue(file: String, key: String, reason: String)

  /// One line: where, found, expected.
  public var description: String {
    switch self {
    case .unreadable(let file, let reason): "\(file): \(reason)"
    case .unknownKey(let file, let key, let known):
      "\(file): unknown key '\(key.printable)'; known here are \(known.joined(separator: ", "))"
    case .badValue(let file, let key, let reason): "\(file): '\(key.printable)' \(reason)"
    }
  }

  /// The status for the shell.
  public var exitStatus: ExitStatus {
    if case .unreadable(let file, _) = self { return .refusal(of: file) }
    return .badInput
  }
}
