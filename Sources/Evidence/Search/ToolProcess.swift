import AtomicFiles
import CLibrary
import CProcess
import Synchronization

/// Lets a search be stopped from another thread or a signal handler's queue.
public final class SearchInterruption: Sendable {
  private let isStopped = Atomic<Bool>(false)
  private let isStoppedElsewhere: @Sendable () -> Bool

  /// Not stopped; `elsewhere` is polled too, for programs that handle signals themselves.
  public init(orWhen elsewhere: @escaping @Sendable () -> Bool = { false }) {
    isStoppedElsewhere = elsewhere
  }

  /// Stops the running program and all further ones.
  public func interrupt() { isStopped.store(true, ordering: .releasing) }

  /// Whether a stop was requested.
  public var isInterrupted: Bool { isStopped.load(ordering: .acquiring) || isStoppedElsewhere() }
}

/// Runs one program, passing on its standard error while it runs.
///
/// The program has its own process group. It has ended when its first process has; any processes left behind are killed without
/// waiting for them.
struct ToolProcess {
  let executable: String
  let arguments: [String]

  /// Longest time between two polls of a running program, ms.
  static let interval: Int32 = 50
  /// Time that a program has to end by itself after a stop.
  static let patience: Duration = .seconds(5)

  /// Why a program could not be started.
  struct StartError: Error, CustomStringConvertible {
    /// The system's error number (`errno`).
    let code: Int32

    var description: String {
      let remedy =
        code == ENOEXEC ? "; a script needs a first line such as #!/bin/sh" : ""
      return "it cannot be started: \(String(cString: strerror(code)))\(remedy)"
    }
  }

  /// Runs the program to its end.
  ///
  /// `onLine` gets lines of the standard error, `onTick` the process at each poll. The log is what the program wrote last: its
  /// standard output, then its standard error.
  func run(
    interruption: SearchInterruption, onLine: (String) -> Void, onTick: (Int32) -> Void
  ) throws(StartError) -> (end: FailureCause.End, log: String) {
    var output = try ToolStream(maximumLines: 0)
    defer { output.close() }
    var errors = try ToolStream(maximumLines: 1000)
    defer { errors.close() }
    let process = try start(output: output, errors: errors)
    output.closeWriting()
    errors.closeWriting()
    var status: Int32 = 0
    var stopTime: ContinuousClock.Instant?
    repeat {
      ToolStream.wait(for: [output, errors], milliseconds: Self.interval)
      _ = output.read { _ in }
      _ = errors.read(onLine)
      onTick(process)
      guard interruption.isInterrupted else { continue }
      if let stopTime {
        if .now - stopTime > Self.patience { hf_signal_program(process, SIGKILL) }
      } else {
        stopTime = .now
        hf_signal_program(process, SIGTERM)
      }
    } while !hf_collect_program(process, &status)
    output.readRest { _ in }
    errors.readRest(onLine)
    return (status < 0 ? .signal(-status) : .exit(status), output.tail + "\n" + errors.tail)
  }

  private func start(output: ToolStream, errors: ToolStream) throws(StartError) -> Int32 {
    var words: [UnsafeMutablePointer<CChar>?] = ([executable] + arguments).map { strdup($0) }
    words.append(nil)
    defer { for word in words { free(word) } }
    let process = hf_start_program(executable, words, output.writing, errors.writing)
    if process < 0 { throw StartError(code: -process) }
    return process
  }
}

/// A pipe that a program writes to: its lines as they come, and the last of them.
///
/// Endless output is read completely, but little of it is kept and passed on.
private struct ToolStream {
  /// Bytes kept for finding a cause, and bytes read at a time.
  private static let limit = 1 << 16
  /// Most characters of a line that are passed on.
  private static let maximumLength = 1000

  /// Most lines that are passed on.
  private let maximumLines: Int
  private let reading: Int32
  private(set) var writing: Int32
  private var isAtEnd = false
  private var pending: [UInt8] = []
  private var kept: [UInt8] = []
  private var lines = 0

  init(maximumLines: Int) throws(ToolProcess.StartError) {
    var ends: [Int32] = [-1, -1]
    guard pipe(&ends) == 0 else { throw ToolProcess.StartError(code: errno) }
    (reading, writing) = (ends[0], ends[1])
    self.maximumLines = maximumLines
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    _ = fcntl(reading, F_SETFL, O_NONBLOCK)
  }

  /// What was written last.
  var tail: String { kept.text }

  /// Waits until one of the streams has something to read.
  static func wait(for streams: [ToolStream], milliseconds: Int32) {
    // A negative descriptor is ignored: a stream that has ended would end every wait at once.
    var files = streams.map {
      pollfd(fd: $0.isAtEnd ? -1 : $0.reading, events: Int16(POLLIN), revents: 0)
    }
    _ = poll(&files, nfds_t(files.count), milliseconds)
  }

  /// Reads one piece of the available output; returns whether there was any.
  mutating func read(_ onLine: (String) -> Void) -> Bool {
    if isAtEnd { return false }
    var piece = [UInt8](repeating: 0, count: Self.limit)
    let count = piece.withUnsafeMutableBytes { FileTransfer.readSome(into: $0, from: reading) }
    if count == 0 { isAtEnd = true }
    if count <= 0 { return false }
    take(piece[..<count], onLine)
    return true
  }

  /// Reads what the program left, but not endlessly what other processes may still write.
  mutating func readRest(_ onLine: (String) -> Void) {
    var pieces = 0
    while pieces < 64, read(onLine) { pieces += 1 }
    send(pending[...], onLine)
  }

  private mutating func take(_ piece: ArraySlice<UInt8>, _ onLine: (String) -> Void) {
    kept += piece
    if kept.count > Self.limit { kept.removeFirst(kept.count - Self.limit) }
    if lines > maximumLines { return }
    var rest = piece
    while let end = rest.firstIndex(where: { $0 == 0x0A || $0 == 0x0D }) {
      send((pending + rest[..<end])[...], onLine)
      pending = []
      rest = rest[(end + 1)...]
    }
    pending += rest
    if pending.count > Self.limit {
      send(pending[...], onLine)
      pending = []
    }
  }

  /// Control characters of a program must not reach the user's terminal.
  private mutating func send(_ line: ArraySlice<UInt8>, _ onLine: (String) -> Void) {
    if lines > maximumLines { return }
    let plain = line.filter { $0 >= 0x20 && $0 != 0x7F }.text
    guard plain.contains(where: { !$0.isWhitespace }) else { return }
    lines += 1
    onLine(
      lines > maximumLines
        ? "it goes on, but no more than \(maximumLines) lines are shown"
        : String(plain.prefix(Self.maximumLength)))
  }

  mutating func closeWriting() {
    if writing >= 0 { _ = CLibrary.close(writing) }
    writing = -1
  }

  mutating func close() {
    closeWriting()
    _ = CLibrary.close(reading)
  }
}
