import CLibrary
import CProcess
import Distribution
import Synchronization

/// Ctrl-C and the signals that schedulers send: the run stops at the next stage, with its state saved.
public enum Interruption {
  private static let requested = Atomic<Bool>(false)
  /// Whether standard error is a terminal.
  private static let isWatched = Atomic<Bool>(false)

  /// Whether the user or the system asked to stop.
  public static var isRequested: Bool { requested.load(ordering: .relaxed) }

  /// Acknowledges Ctrl-C; a signal handler may do no more than write existing bytes.
  private static func answer() {
    let line: StaticString = "\nstopping at the next stage; press Ctrl-C again to stop at once\n"
    let code = errno
    _ = write(STDERR_FILENO, line.utf8Start, line.utf8CodeUnitCount)
    errno = code
  }

  /// Listens to SIGINT, SIGTERM and, unless `nohup` has it ignored, SIGHUP.
  ///
  /// A pipe without a reader does not end the process: with `… | tee log`, Ctrl-C also ends `tee`, and the state would otherwise
  /// stay unsaved.
  ///
  /// At a terminal Ctrl-C is answered at once, since the next stage of a long chain may be a minute away. A second signal ends the
  /// process, and the programs that it runs, at once. A closing terminal may send SIGHUP twice, from the shell and from the system:
  /// the repetition is ignored. Signals are unblocked even if the parent process had blocked them.
  public static func listen() {
    _ = isRequested  // makes the flags, which a handler may only look up
    isWatched.store(isatty(STDERR_FILENO) == 1, ordering: .relaxed)
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
        if received == SIGINT, Interruption.isWatched.load(ordering: .relaxed) {
          Interruption.answer()
        }
      }
    }
  }
}
