import Messages

/// Work stopped at the request of the user or the system.
public struct Interrupted: ExitStatusError, Hashable, CustomStringConvertible {
  /// What the same command does if it is run again.
  public enum Sequel: Sendable, Hashable {
    /// It keeps finished work.
    case goesOn
    /// It keeps finished work if `--resume` is added.
    case goesOnWithResume
    /// The same, but with `--replace` beside it, because earlier results differ from those that it makes.
    case goesOnWithReplace
    /// It starts from the beginning.
    case beginsAnew
  }

  /// What the same command does if it is run again.
  public let sequel: Sequel

  /// Work that stopped.
  public init(_ sequel: Sequel) { self.sequel = sequel }

  /// One line: what happened, what the same command does.
  public var description: String {
    switch sequel {
    case .goesOn: "interrupted; the same command goes on"
    case .goesOnWithResume: "interrupted; the same command with --resume goes on"
    case .goesOnWithReplace: "interrupted; the same command with --resume --replace goes on"
    case .beginsAnew: "interrupted; the same command begins anew"
    }
  }

  /// The status for the shell.
  public var exitStatus: ExitStatus { .interrupted }
}

extension Interruption {
  /// Throws if the user or the system has asked to stop.
  public static func check(_ sequel: Interrupted.Sequel) throws(Interrupted) {
    if isRequested { throw Interrupted(sequel) }
  }
}
