import Foundation
import Messages
import Synchronization

/// Reports the progress of a run to people or programs.
///
/// Results go to standard output, progress to standard error.
public final class ProgressReporter: Sendable {
  /// How to report.
  public enum Style: String, Sendable, CaseIterable {
    /// A bar that redraws itself; for terminals.
    case bar
    /// One JSON object per line.
    case json
    /// A line for each finished step, and one a minute while a step takes longer; for files and pipes.
    case lines
    /// Only warnings and failures.
    case quiet
  }

  /// How this reporter reports.
  public let style: Style
  /// Whether nothing is reported: for processes that help another, which reports for them.
  private let isSilent: Bool
  private let clock: @Sendable () -> Double
  private let output: @Sendable (String) -> Void
  private let isUnicode = ProgressBar.isUnicode(in: ProcessInfo.processInfo.environment)
  private let state = Mutex(State())

  private struct State {
    var barWidth = 0
    var lastDraw = -Double.infinity
    /// Time of the last output; nil before the first task.
    var lastLine: Double?
  }

  /// Seconds of silence after which an ongoing task gets a line.
  private static let silence = 60.0

  /// A reporter; without a style, a bar on a terminal and lines elsewhere.
  public convenience init(style: Style? = nil, isSilent: Bool = false) {
    self.init(
      style: style, isSilent: isSilent, clock: { ProcessInfo.processInfo.systemUptime },
      output: { StandardStreams.writeError($0) })
  }

  /// A reporter with the given clock, in seconds, and the given output.
  init(
    style: Style?, isSilent: Bool, clock: @escaping @Sendable () -> Double,
    output: @escaping @Sendable (String) -> Void
  ) {
    self.isSilent = isSilent
    self.style = style ?? (isatty(2) == 1 ? .bar : .lines)
    self.clock = clock
    self.output = output
  }

  /// A line that stays, such as `T1026 recycle=1 pLDDT=71.3 tol=0.42`.
  public func note(_ text: String, event: String = "note", _ fields: [(String, JSONValue)] = []) {
    switch style {
    case .json: writeJSON(event, fields + [("message", .string(text))])
    case .bar, .lines: write(text + "\n")
    case .quiet: return
    }
  }

  /// Reports a failure after which work continues.
  public func fail(_ text: String, _ fields: [(String, JSONValue)] = []) {
    switch style {
    case .json: writeJSON("failure", fields + [("message", .string(text))])
    case .bar, .lines, .quiet: write(text + "\n")
    }
  }

  /// Reports a warning.
  public func warn(_ text: String) {
    switch style {
    case .json: writeJSON("warning", [("message", .string(text))])
    case .bar, .lines, .quiet: write("warning: \(text)\n")
    }
  }

  /// Reports the progress of a task, 0 … 1, and the seconds left if known.
  public func progress(_ task: String, _ fraction: Double, remaining: Double?) {
    switch style {
    case .quiet: return
    case .lines: if !isSilent { mention(task, fraction, remaining) }
    case .json:
      var fields: [(String, JSONValue)] = [
        ("task", .string(task)), ("fraction", .number((fraction * 1e4).rounded() / 1e4)),
      ]
      if let remaining { fields.append(("eta_seconds", .number(remaining.rounded()))) }
      writeJSON("progress", fields)
    case .bar: if !isSilent { draw(task, fraction, remaining) }
    }
  }

  /// Writes a line about a task, unless there was output in the last minute.
  private func mention(_ task: String, _ fraction: Double, _ remaining: Double?) {
    let now = clock()
    let isDue = state.withLock { state in
      guard let last = state.lastLine else {
        state.lastLine = now
        return false
      }
      return fraction < 1 && now - last >= Self.silence
    }
    if !isDue { return }
    let eta = remaining.map { "  ETA \(Self.duration($0))" } ?? ""
    write("\(task)  \(Int(max(fraction, 0) * 100)) %\(eta)\n")
  }

  private func draw(_ task: String, _ fraction: Double, _ remaining: Double?) {
    let now = clock()
    let isDue = state.withLock { state in
      if fraction < 1 && now - state.lastDraw < 0.1 { return false }
      state.lastDraw = now
      return true
    }
    if !isDue { return }
    let bar = ProgressBar(columns: ProgressBar.terminalColumns, isUnicode: isUnicode)
    let text = bar.line(task, fraction, remaining: remaining)
    let padding = state.withLock { state in
      defer { state.barWidth = text.count }
      return max(0, state.barWidth - text.count)
    }
    output("\r" + text + String(repeating: " ", count: padding))
  }

  /// `75 s` as `1:15`, with hours in front if there are any.
  public static func duration(_ seconds: Double) -> String {
    let whole = Int(min(max(seconds, 0), 1e9).rounded())
    let (hours, minutes, rest) = (whole / 3600, whole / 60 % 60, whole % 60)
    func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
    return hours > 0 ? "\(hours):\(two(minutes)):\(two(rest))" : "\(minutes):\(two(rest))"
  }

  private func write(_ text: String) {
    let now = clock()
    let clear = state.withLock { state in
      defer { (state.barWidth, state.lastLine) = (0, now) }
      return state.barWidth > 0 ? "\r" + String(repeating: " ", count: state.barWidth) + "\r" : ""
    }
    if isSilent { return }
    output(clear + text)
  }

  private func writeJSON(_ event: String, _ fields: [(String, JSONValue)]) {
    if isSilent { return }
    let object = JSONValue.object([("event", .string(event))] + fields)
    output(object.text + "\n")
  }
}
