import Foundation
import Messages
import NumericArrays

/// What a search reports while it runs.
public enum SearchEvent: Hashable, Sendable {
  /// A program was started on a database of the given size.
  case started(step: String, program: String, databaseBytes: Int)
  /// Share of the database read (nil where the program does not show it), seconds so far, seconds left if known.
  case progress(step: String, share: Double?, elapsed: Double, left: Double?)
  /// A line that the program wrote.
  case message(step: String, line: String)
  /// A result of an earlier run was checked and is used.
  case cached(step: String)
  /// The search is over.
  case finished(step: String, rows: Int, seconds: Double)
  /// The search failed; the others continue.
  case failed(step: String, failure: SearchFailure)
  /// A warning, such as a damaged cache entry.
  case warning(step: String, line: String)
}

extension SearchEvent: CustomStringConvertible {
  /// One line for people.
  public var description: String {
    switch self {
    case .started(let step, let program, let bytes):
      "\(step): \(program), database of \(Self.size(bytes))"
    case .progress(let step, let share?, let elapsed, let left):
      "\(step): \(Int(share * 100)) % read, \(Int(elapsed)) s"
        + (left.map { ", about \(Int($0.rounded(.up))) s left" } ?? "")
    case .progress(let step, nil, let elapsed, _): "\(step): running, \(Int(elapsed)) s"
    case .message(let step, let line): "\(step): | \(line)"
    case .cached(let step): "\(step): result of an earlier search, checked"
    case .finished(let step, let rows, let seconds):
      "\(step): \(counted(rows, "row")) in \(Int(seconds.rounded())) s"
    case .failed(let step, let failure): "\(step): \(failure)"
    case .warning(let step, let line): "\(step): warning: \(line)"
    }
  }

  private static func size(_ bytes: Int) -> String {
    bytes >= 10_000_000_000
      ? "\(bytes / 1_000_000_000) GB"
      : bytes >= 10_000_000 ? "\(bytes / 1_000_000) MB" : "\(bytes / 1000) kB"
  }
}

/// How much of a database a running program has read.
///
/// HMMER prints no progress, but reads FASTA from front to back: on Linux the share is the position in its open file
/// (`/proc/PID/fdinfo`) divided by the size. Elsewhere, and for programs that map files, the share is unknown.
enum ReadingProgress {
  /// Share of the file that the process has read, 0 … 1; nil if the file is not open or the share is unknown.
  static func share(process: Int32, file: String, size: Int) -> Double? {
    guard size > 0 else { return nil }
    let target = URL(fileURLWithPath: file).resolvingSymlinksInPath().path
    let folder = "/proc/\(process)/fd"
    guard let names = try? FileManager.default.contentsOfDirectory(atPath: folder) else {
      return nil
    }
    for name in names {
      let link = try? FileManager.default.destinationOfSymbolicLink(atPath: "\(folder)/\(name)")
      guard link == target,
        let text = try? String(contentsOfFile: "/proc/\(process)/fdinfo/\(name)", encoding: .utf8),
        let line = text.split(separator: "\n").first(where: { $0.hasPrefix("pos:") }),
        let place = Int(line.dropFirst(4).filter(\.isNumber))
      else { continue }
      return min(1, Double(place) / Double(size))
    }
    return nil
  }

  /// Seconds left at the mean reading speed so far; nil before 2 % are read.
  static func secondsLeft(share: Double?, elapsed: Double) -> Double? {
    guard let share, share >= 0.02 else { return nil }
    return RemainingTime.seconds(done: share, left: 1 - share, elapsed: elapsed)
  }
}
