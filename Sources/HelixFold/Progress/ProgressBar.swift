import CLibrary
import Foundation

/// The line of a progress bar: never wider than the terminal, so that it redraws itself in place.
struct ProgressBar {
  /// Columns of the terminal.
  var columns: Int
  /// Whether the terminal shows more than ASCII.
  var isUnicode: Bool

  /// Columns of the bar itself, from little room to plenty.
  private static let widths = 8...24

  /// The line, at most one column shorter than the terminal; first the bar shrinks, then the name of the task is cut.
  func line(_ task: String, _ fraction: Double, remaining: Double?) -> String {
    let eta = remaining.map { "  ETA \(ProgressReporter.duration($0))" } ?? ""
    let end = " \(Int(fraction * 100)) %\(eta)"
    let room = columns - 1 - end.count - 2
    let width = min(max(room - task.count, Self.widths.lowerBound), Self.widths.upperBound)
    let filled = Int((Double(width) * min(max(fraction, 0), 1)).rounded(.down))
    let (full, open, cut) = isUnicode ? ("█", "░", "…") : ("#", ".", "~")
    let bar =
      String(repeating: full, count: filled) + String(repeating: open, count: width - filled)
    let name =
      task.count + width <= room ? task : String(task.prefix(max(room - width - 1, 0))) + cut
    return String("\(name)  \(bar)\(end)".prefix(max(columns - 1, 0)))
  }

  /// Columns of the terminal on the standard error, or 80 if unknown.
  static var terminalColumns: Int {
    var size = winsize()
    let isKnown = ioctl(2, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 0
    return isKnown ? Int(size.ws_col) : 80
  }

  /// Whether the locale is one of UTF-8: the first of LC_ALL, LC_CTYPE and LANG that is set decides.
  static func isUnicode(in environment: [String: String]) -> Bool {
    let values = ["LC_ALL", "LC_CTYPE", "LANG"].compactMap { environment[$0] }
    let locale = values.first { !$0.isEmpty } ?? ""
    return locale.uppercased().replacing("-", with: "").contains("UTF8")
  }
}
