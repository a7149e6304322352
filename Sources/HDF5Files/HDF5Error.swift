import Messages

/// Why an HDF5 file could not be read or written; every description is one line.
public enum HDF5Error: Error, Hashable, CustomStringConvertible, ExitStatusError {
  /// The file cannot be opened.
  case cannotOpen(file: String, reason: String)
  /// The file cannot be written.
  case cannotWrite(file: String, reason: String)
  /// There is no object with that name.
  case notFound(file: String, name: String)
  /// An object is not of the requested kind.
  case mismatch(file: String, name: String, found: String, expected: String)
  /// The library cannot read values or metadata.
  case damaged(file: String, name: String, reason: String)

  /// One line: where, found, expected.
  public var description: String { text.printable }

  private var text: String {
    switch self {
    case .cannotOpen(let file, let reason): "\(file): cannot be opened: \(reason)"
    case .cannotWrite(let file, let reason): "\(file): cannot be written: \(reason)"
    case .notFound(let file, let name): "\(file): no '\(name)' in this file"
    case .mismatch(let file, let name, let found, let expected):
      "\(file): '\(name)' is \(found), expected \(expected)"
    case .damaged(let file, let name, let reason):
      "\(file): '\(name)' cannot be read: \(reason)"
    }
  }

  /// The status for the shell; a readable file that cannot be opened is not an HDF5 file.
  public var exitStatus: ExitStatus {
    switch self {
    case .cannotOpen(let file, _): .refusal(of: file)
    case .cannotWrite: .cannotWrite
    case .notFound, .mismatch, .damaged: .badInput
    }
  }
}
