import Messages

/// Why a structure file could not be read or written.
public enum StructureIOError: Error, Hashable, CustomStringConvertible, ExitStatusError {
  /// The file cannot be opened or read; the system's reason and `errno`.
  case cannotRead(path: String, code: Int32, reason: String)
  /// A line is invalid, with what was found and expected.
  case malformed(path: String, line: Int, message: String)
  /// The file as a whole is not what was expected.
  case unexpectedContent(path: String, message: String)
  /// The structure does not fit into the columns of the format.
  case doesNotFit(what: String)
  /// A value is not finite but must be.
  case notFinite(what: String)

  /// The status for the shell.
  public var exitStatus: ExitStatus {
    if case .cannotRead = self { return .missingInput }
    return .badInput
  }

  /// One line: where, what was found, what was expected.
  public var description: String { text.printable }

  private var text: String {
    switch self {
    case .cannotRead(let path, _, let reason): "\(path): cannot read: \(reason)"
    case .malformed(let path, let line, let message): "\(path):\(line): \(message)"
    case .unexpectedContent(let path, let message): "\(path): \(message)"
    case .doesNotFit(let what):
      "\(what) do not fit into the columns of a PDB file; write mmCIF instead"
    case .notFinite(let what): "\(what) is not a finite number"
    }
  }
}
