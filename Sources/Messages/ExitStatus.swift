import CLibrary

/// Exit statuses of the command, after `sysexits.h` where it has one.
public enum ExitStatus: Int32, Codable, Sendable {
  /// All done.
  case success = 0
  /// Some targets failed; `failures.json` lists them with reasons.
  case someFailed = 1
  /// Wrong flags.
  case usage = 64
  /// An input exists but is wrong.
  case badInput = 65
  /// An input is missing or unreadable.
  case missingInput = 66
  /// A required program or file is not installed.
  case missingTool = 69
  /// An internal error, or a training run that finds no usable step.
  case internalError = 70
  /// An output cannot be created.
  case cannotCreate = 73
  /// Writing failed, for instance on a full disk.
  case cannotWrite = 74
  /// More memory is needed than allowed.
  case memory = 75
  /// Stopped by Ctrl-C or a signal; `--resume` continues.
  case interrupted = 130
}

/// An error that knows its exit status.
public protocol ExitStatusError: Error {
  /// The status with which a command ends because of it.
  var exitStatus: ExitStatus { get }
}

extension ExitStatus {
  /// The status for any error of the program; an error without its own status is an internal one.
  public init(_ error: any Error) {
    self = (error as? any ExitStatusError)?.exitStatus ?? .internalError
  }

  /// The status if a reader rejects a file: bad input if the file is readable, else missing input.
  package static func refusal(of path: String) -> ExitStatus {
    var information = stat()
    let isReadable =
      stat(path, &information) == 0 && information.st_mode & S_IFMT != S_IFDIR
      && access(path, R_OK) == 0
    return isReadable ? .badInput : .missingInput
  }
}
