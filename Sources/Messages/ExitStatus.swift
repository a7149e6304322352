import CLibrary

/// Exit statuses of the command, after `sysexits.h` where it has one.
public enum ExitStatus: Int32, Codable, Sendable {
  /// All done.
  case success = 0
  /// Some targets failed; `failures.json` says which and why.
  case someFailed = 1
  /// Wrong flags.
  case usage = 64
  /// An input is there but wrong.
  case badInput = 65
  /// An input is missing or unreadable.
  case missingInput = 66
  /// A program or file that is needed is not installed.
  case missingTool = 69
  /// An internal error, or numbers that are no longer finite.
  case internalError = 70
  /// An output cannot be created.
  case cannotCreate = 73
  /// Writing failed, for instance on a full disk.
  case cannotWrite = 74
  /// More memory is needed than allowed.
  case memory = 75
  /// Stopped by Ctrl-C or a signal; `--resume` goes on.
  case interrupted = 130
}

/// An error that knows its exit status.
public protocol ExitStatusError: Error {
  /// The status with which a command ends because of it.
  var exitStatus: ExitStatus { get }
}

extension ExitStatus {
  /// The status of an error of any part of the program; one that knows none is a defect of the program.
  public init(_ error: any Error) {
    self = (error as? any ExitStatusError)?.exitStatus ?? .internalError
  }

  /// The status where a reader refused a file: bad input if the file is there and can be read, else a missing one.
  package static func refusal(of path: String) -> ExitStatus {
    var information = stat()
    let isReadable =
      stat(path, &information) == 0 && information.st_mode & S_IFMT != S_IFDIR
      && access(path, R_OK) == 0
    return isReadable ? .badInput : .missingInput
  }
}
