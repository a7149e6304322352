import Foundation

/// Lets a search be stopped from another thread or a signal handler's queue.
public final class SearchInterruption: @unchecked Sendable {
  // The lock guards `stopped`, the only state.
  private let lock = NSLock()
  private var stopped = false
  private let isStoppedElsewhere: @Sendable () -> Bool

  /// Nothing is stopped yet; `elsewhere` is asked too, for programs that watch signals themselves.
  public init(orWhen elsewhere: @escaping @Sendable () -> Bool = { false }) {
    isStoppedElsewhere = elsewhere
  }

  /// Stops the running program and all that would follow.
  public func interrupt() { lock.withLock { stopped = true } }

  /// Whether a stop was asked for.
  public var isInterrupted: Bool { lock.withLock { stopped } || isStoppedElsewhere() }
}

/// Runs one program, handing on what it writes while it runs.
///
/// Output goes to a log file in the work folder, from which new lines are read twenty times a second; a program can
/// therefore never block on a full pipe.
struct ToolProcess {
  let executable: String
  let arguments: [String]
  let workFolder: String
  var environment: [String: String]?

  /// Time between two looks at a running program, s.
  static let interval = 0.05
  /// Time a program has to end by itself after a stop, s.
  static let patience = 5.0

  /// Runs to the end.
  ///
  /// `onLine` gets each line of output, `onTick` the process at each look.
  func run(
    interruption: SearchInterruption, onLine: (String) -> Void, onTick: (Int32) -> Void
  ) throws -> (end: FailureCause.End, log: String) {
    let logPath = workFolder + "/tool.log"
    guard FileManager.default.createFile(atPath: logPath, contents: nil),
      let writing = FileHandle(forWritingAtPath: logPath)
    else { throw SearchFailure.files("\(logPath): cannot be written") }
    defer { try? writing.close() }
    let process = Process()
    process.executableURL = URL(fileURLWithPath: executable)
    process.arguments = arguments
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = writing
    process.standardError = writing
    if let environment { process.environment = environment }
    try process.run()
    var log = LogTail(path: logPath)
    var stopTime: Date?
    while process.isRunning {
      Thread.sleep(forTimeInterval: Self.interval)
      log.readNew(onLine)
      onTick(process.processIdentifier)
      guard interruption.isInterrupted else { continue }
      if let stopTime {
        if Date().timeIntervalSince(stopTime) > Self.patience {
          Self.signal(process, SIGKILL)
        }
      } else {
        stopTime = Date()
        Self.signal(process, SIGTERM)
      }
    }
    process.waitUntilExit()
    log.readNew(onLine)
    log.flush(onLine)
    let status = process.terminationStatus
    return (
      process.terminationReason == .uncaughtSignal ? .signal(status) : .exit(status), log.tail
    )
  }
}

extension ToolProcess {
  /// Sends a signal to a program and all that it started: workflows of MMseqs2 are scripts whose children do the work.
  private static func signal(_ process: Process, _ number: Int32) {
    let identifier = process.processIdentifier
    // Foundation gives a program a process group of its own; where it does not, the group is ours and must not be touched.
    _ = kill(getpgid(identifier) == identifier ? -identifier : identifier, number)
  }
}

/// The end of a growing log and its lines as they come.
private struct LogTail {
  /// Bytes of the log kept for finding a cause.
  private static let limit = 1 << 16
  private let handle: FileHandle?
  private var pending: [UInt8] = []
  private var kept: [UInt8] = []

  init(path: String) { handle = FileHandle(forReadingAtPath: path) }

  var tail: String { kept.text }

  mutating func readNew(_ onLine: (String) -> Void) {
    while let data = try? handle?.read(upToCount: 1 << 16), !data.isEmpty {
      kept += data
      if kept.count > Self.limit { kept.removeFirst(kept.count - Self.limit) }
      pending += data
      while let end = pending.firstIndex(where: { $0 == 0x0A || $0 == 0x0D }) {
        send(pending[..<end], onLine)
        pending.removeSubrange(...end)
      }
      if pending.count > Self.limit { flush(onLine) }
    }
  }

  mutating func flush(_ onLine: (String) -> Void) {
    send(pending[...], onLine)
    pending = []
  }

  /// Control characters of a program must not reach the user's terminal.
  private func send(_ line: ArraySlice<UInt8>, _ onLine: (String) -> Void) {
    let plain = line.filter { $0 >= 0x20 && $0 != 0x7F }.text
    if plain.contains(where: { !$0.isWhitespace }) { onLine(plain) }
  }
}
