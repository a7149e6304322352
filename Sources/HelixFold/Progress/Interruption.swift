import CLibrary
import CProcess
import Distribution
import Synchronization

/// Ctrl-C and the signals that schedulers send: the run stops at the next stage, with its state saved.
public enum Interruption {
  private static let requested = Atomic<Bool>(false)

  /// Whether the user or the system asked to stop.
  public static var isRequested: Bool { requested.load(ordering: .relaxed) }

  /// Listens to SIGINT, SIGTERM and, unless `nohup` has it ignored, SIGHUP.
  ///
  /// A pipe that nobody reads any more ends nothing: `… | tee log` and Ctrl-C, which ends `tee` too, would otherwise leave the state
  /// unsaved.
  ///
  /// A second signal ends the process, and the programs that it runs, at once. A terminal that goes away may send SIGHUP twice, as the
  /// shell's and as the system's: the repetition counts for nothing. Signals are let through even if the program that started this
  /// one holds them back in the thread from which it did so.
  public static func listen() {
    _ = isRequested  // makes the flag, which a handler may only look up
    StandardStreams.outliveReaders()
    let heard = [SIGINT, SIGTERM] + (hf_is_ignored(SIGHUP) ? [] : [SIGHUP])
    var numbers = sigset_t()
    sigemptyset(&numbers)
    for number in heard { sigaddset(&numbers, number) }
    pthread_sigmask(SIG_UNBLOCK, &numbers, nil)
    for number in heard {
      signal(number) { received in
        if Interruption.requested.exchange(true, ordering: .relaxed), received != SIGHUP {
          hf_kill_programs()
          RankWatch.willEnd()
          _exit(128 + received)
        }
      }
    }
  }
}
