import AtomicFiles
import CLibrary
import CProcess
import Foundation
import Synchronization

/// The three streams of a command, which a shell may have closed or connected to something that accepts no output.
public enum StandardStreams {
  /// Connects closed streams to the null device, so that no file opened later is mistaken for one; call before anything else.
  ///
  /// A file that grows beyond the limit of the shell (`ulimit -f`) is then an error of the write, not the end of the process.
  public static func connect() {
    for stream in 0...2 where fcntl(Int32(stream), F_GETFD) == -1 { _ = open("/dev/null", O_RDWR) }
    signal(SIGXFSZ, SIG_IGN)
  }

  private static let outlives = Atomic<Bool>(false)

  /// Continues without readers: a pipe that nobody reads any more neither ends the process nor makes it fail; for long commands, whose
  /// results are files.
  public static func outliveReaders() {
    outlives.store(true, ordering: .relaxed)
    signal(SIGPIPE, SIG_IGN)
  }

  /// Whether the standard output is a pipe that nobody reads any more, which does not matter.
  private static var isAbandoned: Bool {
    guard outlives.load(ordering: .relaxed) else { return false }
    var output = pollfd(fd: STDOUT_FILENO, events: Int16(POLLOUT), revents: 0)
    return poll(&output, 1, 0) == 1 && Int32(output.revents) & Int32(POLLERR | POLLHUP) != 0
  }

  /// Writes to the standard error.
  ///
  /// Text that cannot be written is lost: there is nobody left to report it to.
  public static func writeError(_ text: String) {
    try? FileHandle.standardError.write(contentsOf: Data(text.utf8))
  }

  /// Flushes printed text; throws `AtomicFileError` if standard output does not accept it.
  public static func flushOutput() throws {
    // A text larger than the buffer fails when it is printed, and leaves nothing to flush.
    let failed = hf_output_has_failed()
    if (fflush(nil) != 0 || failed) && !isAbandoned {
      throw AtomicFileError(path: "<stdout>", code: errno == 0 ? EIO : errno)
    }
  }
}
