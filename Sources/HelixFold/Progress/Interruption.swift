import Distribution
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
  ///
  /// They are let through even if the program that started this one holds them back in the thread from which it did so.
  public static func listen() {
    var numbers = sigset_t()
    sigemptyset(&numbers)
    for number in [SIGINT, SIGTERM] { sigaddset(&numbers, number) }
    pthread_sigmask(SIG_UNBLOCK, &numbers, nil)
    for number in [SIGINT, SIGTERM] {
      signal(number) { received in
        if Interruption.requested.exchange(true, ordering: .relaxed) {
          RankWatch.willEnd()
          _exit(128 + received)
        }
      }
    }
  }
}
