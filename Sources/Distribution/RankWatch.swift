import CMessagePassing

/// A helper process that reports which process of a run was killed or crashed: one on each Linux host with several.
///
/// ``MessagePassing/join()`` starts it, as this program under another name, and ``MessagePassing/leave(_:)`` and
/// ``MessagePassing/abort(_:status:)`` tell it of ends that it must not report.
public enum RankWatch {
  /// Watches and then exits, if the process was started for that; call before anything else.
  public static func serve() { hf_watch_serve(CommandLine.argc, CommandLine.unsafeArgv) }

  /// Announces an end that this process reports itself; call before `_exit`, also from a signal handler.
  ///
  /// If another process was killed earlier, it has been reported on return. Does nothing in a run of one process.
  public static func willEnd() { hf_watch_ending() }
}
