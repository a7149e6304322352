import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Ctrl-C and the signals that schedulers send: the run stops at the next stage, with its state saved.
public enum Interruption {
  private static let requested = Atomic<Bool>(false)

  /// Whether the user or the system asked to stop.
  public static var isRequested: Bool { requested.load(ordering: .relaxed) }

  /// Listens to SIGINT and SIGTERM; a second signal ends the process at once.
  public static func listen() {
    for number in [SIGINT, SIGTERM] {
      signal(number) { received in
        if Interruption.requested.exchange(true, ordering: .relaxed) { _exit(128 + received) }
      }
    }
  }
}
