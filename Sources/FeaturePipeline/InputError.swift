import Messages

/// Why an input or output file cannot be used: where, what was found, what was expected.
public enum InputError: Error, Hashable, CustomStringConvertible, ExitStatusError {
  /// There is no such file.
  case missing(file: String)
  /// The file is there but cannot be read.
  case unreadable(file: String, reason: String)
  /// A place in a text file is wrong; line and column count from 1, 0 when they do not apply.
  case text(file: String, line: Int, column: Int, problem: String)
  /// The file as a whole is wrong.
  case content(file: String, problem: String)
  /// One array, dataset or attribute of a file is wrong.
  case array(file: String, name: String, found: String, expected: String)

  /// One line: place, what was found, what was expected or can be done.
  public var description: String { text.printable }

  private var text: String {
    switch self {
    case .missing(let file): "\(file): no such file"
    case .unreadable(let file, let reason): "\(file): cannot be read: \(reason)"
    case .text(let file, 0, _, let problem): "\(file): \(problem)"
    case .text(let file, let line, 0, let problem): "\(file):\(line): \(problem)"
    case .text(let file, let line, let column, let problem): "\(file):\(line):\(column): \(problem)"
    case .content(let file, let problem): "\(file): \(problem)"
    case .array(let file, let name, let found, let expected):
      "\(file): '\(name)' is \(found), expected \(expected)"
    }
  }

  /// Whether the file can be read but its content is wrong.
  package var isAboutContent: Bool {
    switch self {
    case .missing, .unreadable: false
    case .text, .content, .array: true
    }
  }

  /// The status for the shell.
  public var exitStatus: ExitStatus { isAboutContent ? .badInput : .missingInput }
}
