import Messages

/// Why an array file could not be read or written; every description is one line.
public enum ArrayFileError: Error, Hashable, CustomStringConvertible, ExitStatusError {
  /// The file cannot be opened or read.
  case cannotRead(file: String, reason: String)
  /// The file cannot be written.
  case cannotWrite(file: String, reason: String)
  /// The file is not of the expected kind, or is truncated.
  case wrongFormat(file: String, found: String, expected: String)
  /// The file has no array with that name.
  case noSuchArray(file: String, name: String, available: [String])
  /// The bytes of an array or pickle contradict themselves.
  case malformed(file: String, part: String, found: String, expected: String)
  /// Valid, but of an unsupported kind.
  case unsupported(file: String, part: String, found: String, expected: String)
  /// More data than any genuine file of that size holds.
  case tooLarge(file: String, part: String, needs: String, limit: String)
  /// A pickle refers to a Python function or class outside the whitelist.
  case forbiddenGlobal(file: String, name: String, offset: Int)
  /// A pickle has an instruction outside the supported subset.
  case forbiddenOpcode(file: String, opcode: UInt8, offset: Int)

  /// One line: where, found, expected, what to try.
  public var description: String { text.printable }

  private var text: String {
    switch self {
    case .cannotRead(let file, let reason):
      "\(file): cannot be read: \(reason)"
    case .cannotWrite(let file, let reason):
      "\(file): cannot be written: \(reason)"
    case .wrongFormat(let file, let found, let expected):
      "\(file): \(found), expected \(expected)"
    case .noSuchArray(let file, let name, let available):
      "\(file): no array '\(name)'; \(Self.summary(available))"
    case .malformed(let file, let part, let found, let expected),
      .unsupported(let file, let part, let found, let expected):
      "\(file): \(part): \(found), expected \(expected)"
    case .tooLarge(let file, let part, let needs, let limit):
      "\(file): \(part) needs \(needs), more than the limit of \(limit); is the file damaged?"
    case .forbiddenGlobal(let file, let name, let offset):
      "\(file): byte \(offset): the pickle asks for '\(name)', which is not in the list of harmless "
        + "names; save plain arrays only"
    case .forbiddenOpcode(let file, let opcode, let offset):
      "\(file): byte \(offset): pickle instruction 0x\(String(opcode, radix: 16)) is not allowed; "
        + "save plain arrays only"
    }
  }

  /// The status for the shell.
  public var exitStatus: ExitStatus {
    switch self {
    case .cannotRead: .missingInput
    case .cannotWrite: .cannotWrite
    case .wrongFormat, .noSuchArray, .malformed, .unsupported, .tooLarge, .forbiddenGlobal,
      .forbiddenOpcode:
      .badInput
    }
  }

  private static func summary(_ names: [String]) -> String {
    if names.isEmpty { return "the file holds none" }
    let shown = names.prefix(4).map { "'\($0)'" }.joined(separator: ", ")
    return names.count > 4 ? "it holds \(shown) and \(names.count - 4) more" : "it holds \(shown)"
  }
}
