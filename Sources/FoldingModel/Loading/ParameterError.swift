import Messages

/// Why parameters do not fit a network.
public enum ParameterError: Error, Hashable, CustomStringConvertible, ExitStatusError {
  /// The array is not there.
  case missing(key: String)
  /// The array has another shape than the network.
  case shape(key: String, found: [Int], expected: [Int])

  /// One line: where, found, expected, what to try.
  public var description: String {
    switch self {
    case .missing(let key):
      "'\(key)' is missing; are these parameters for another model preset?"
    case .shape(let key, let found, let expected):
      "'\(key)' has shape \(found), the model expects \(expected); are these parameters for another model preset?"
    }
  }

  /// The status for the shell.
  public var exitStatus: ExitStatus { .badInput }
}
