import Messages

/// Work stopped because the user or the system asked for it.
public struct Interrupted: ExitStatusError, Hashable, CustomStringConvertible {
  /// What the same command does when it is given again.
  public enum Sequel: Sendable, Hashable {
    /// It keeps what is done.
    case goesOn
    /// It keeps what is done if `--resume` is added.
    case goesOnWithResume
    /// It begins at the beginning.
    case beginsAnew
  }

  /// What the same command does when it is given again.
  public let sequel: Sequel

  /// Work that stopped.
  public init(_ sequel: Sequel) { self.sequel = sequel }

  /// One line: what happened, what the same command does.
  public var description: String {
    switch sequel {
    case .goesOn: "interrupted; the same command goes on"
    case .goesOnWithResume: "interrupted; the same command with --resume goes on"
    case .beginsAnew: "interrupted; the same command begins anew"
    }
  }

  /// The status for the shell.
  public var exitStatus: ExitStatus { .interrupted }
}

extension Interruption {
  /// Throws where the user or the system asked to stop.
  public static func check(_ sequel: Interrupted.Sequel) throws(Interrupted) {
    if isRequested { throw Interrupted(sequel) }
  }
}
