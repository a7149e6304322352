import CLibrary
import Messages
import Synchronization

/// Suffixes of the names of unfinished files and folders that identify the process and machine writing them, so that leftovers of
/// killed processes can be distinguished from work in progress.
///
/// `process-machine-run-count`. Machines that share a disk may use the same process numbers, and containers number processes from
/// 1; so a container with its own process numbers counts as a machine.
package enum ProcessMark {
  /// A mark that no other file or folder has.
  package static func make() -> String {
    mark(of: getpid(), run: run) + "-\(count.add(1, ordering: .relaxed).newValue)"
  }

  /// A mark as another process of this machine would make it.
  package static func make(by process: pid_t) -> String { mark(of: process, run: "0") + "-1" }

  /// Whether the writer of a marked file is gone: a process of this machine that has ended, or one of another machine if nothing
  /// has changed at `path` for a week.
  package static func isAbandoned(_ mark: some StringProtocol, at path: String) -> Bool {
    let parts = mark.split(separator: "-", omittingEmptySubsequences: false)
    guard parts.count == 4, let process = pid_t(parts[0]), isMachine(parts[1]),
      parts[3].allSatisfy(\.isNumber)
    else { return false }
    if parts[1] != machine { return FileStatus(of: path)?.isOld ?? false }
    return process == getpid() ? parts[2] != run : !isRunning(process)
  }

  /// Whether a text is the mark of some machine.
  private static func isMachine(_ text: some StringProtocol) -> Bool {
    text.count == machine.count && text.first == "m" && text.dropFirst().allSatisfy(\.isHexDigit)
  }

  private static func mark(of process: pid_t, run: String) -> String {
    "\(process)-\(machine)-\(run)"
  }

  /// Whether a process of this machine is running, whoever owns it.
  private static func isRunning(_ process: pid_t) -> Bool {
    process > 0 && (kill(process, 0) == 0 || errno != ESRCH)
  }

  /// Identifies this machine: see ``mark(ofMachine:numbers:start:)``.
  private static let machine: String = {
    var name = [CChar](repeating: 0, count: 256)
    _ = gethostname(&name, name.count - 1)
    let numbers = SymbolicLink.destination(of: "/proc/self/ns/pid") ?? ""
    // The initial namespace of process numbers has the same name on every machine; a container's may be reused after a restart.
    let isContainer = !numbers.isEmpty && numbers != "pid:[4026531836]"
    return mark(
      ofMachine: name.prefix { $0 != 0 }.map { UInt8(truncatingIfNeeded: $0) },
      numbers: Array(numbers.utf8),
      start: isContainer ? firstBytes(of: "/proc/sys/kernel/random/boot_id") : [])
  }()

  /// Mark of a machine: a checksum of its name and, on Linux, of its namespace of process numbers and, in a container, the last start.
  static func mark(ofMachine name: [UInt8], numbers: [UInt8], start: [UInt8]) -> String {
    "m" + CyclicRedundancyCheck32.zlib(name + [0] + numbers + [0] + start).hexadecimal
  }

  /// The first bytes of a system file; none if it does not exist.
  private static func firstBytes(of path: String) -> [UInt8] {
    let file = open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { return [] }
    defer { close(file) }
    var bytes = [UInt8](repeating: 0, count: 64)
    let count = bytes.withUnsafeMutableBytes { FileTransfer.readSome(into: $0, from: file) }
    return Array(bytes.prefix(max(0, count)))
  }

  /// Distinguishes this run from an earlier one with the same process number.
  private static let run = String(UInt32.random(in: .min ... .max), radix: 16)

  private static let count = Atomic(0)
}
