import CMessagePassing

/// The process beside those of a run that names the one that was killed or crashed: one on each Linux host that has several.
///
/// ``MessagePassing/join()`` starts it, as this program under another name, and ``MessagePassing/leave(_:)`` and
/// ``MessagePassing/abort(_:status:)`` tell it of an end that is none of its business.
public enum RankWatch {
  /// Watches, and ends the process, if it was started to do so; call before anything else.
  public static func serve() { hf_watch_serve(CommandLine.argc, CommandLine.unsafeArgv) }

  /// Tells of an end of which this process says itself why; call before `_exit`, from a signal's handler too.
  ///
  /// If another process was killed before, it has been named on return. Nothing in a run of one process.
  public static func willEnd() { hf_watch_ending() }
}
