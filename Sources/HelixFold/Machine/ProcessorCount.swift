import Foundation

/// The processors that this process may use.
public enum ProcessorCount {
  /// Number of processors, at least 1: those online, within the process's affinity and the quota of its control groups.
  public static var available: Int {
    var count = ProcessInfo.processInfo.activeProcessorCount
    #if os(Linux)
      if let allowed = affinity(inStatus: text(of: "/proc/self/status")) {
        count = min(count, allowed)
      }
      for place in ControlGroups.places(of: "cpu", in: ControlGroups.own) {
        let files = place.isUnified ? ["cpu.max"] : ["cpu.cfs_quota_us", "cpu.cfs_period_us"]
        let limit = files.map { text(of: place.folder + "/" + $0) }.joined(separator: " ")
        if let whole = quota(limit) { count = min(count, whole) }
      }
    #endif
    return max(1, count)
  }

  /// Processors of the list that proc(5) gives, such as `Cpus_allowed_list: 0-3,8`; nil if there is none.
  static func affinity(inStatus text: String) -> Int? {
    let name = "Cpus_allowed_list:"
    guard let line = text.split(separator: "\n").first(where: { $0.hasPrefix(name) }) else {
      return nil
    }
    var count = 0
    for part in line.dropFirst(name.count).split(separator: ",") {
      let ends = part.split(separator: "-").compactMap { Int($0.filter(\.isNumber)) }
      guard let first = ends.first, let last = ends.last, last >= first else { return nil }
      count += last - first + 1
    }
    return count > 0 ? count : nil
  }

  /// Whole processors, at least one, of a quota and its period in microseconds, such as `250000 100000`; nil if there is no limit
  /// (`max` in version 2, -1 in version 1).
  static func quota(_ text: String) -> Int? {
    let numbers = text.split(whereSeparator: \.isWhitespace).compactMap { Int($0) }
    guard numbers.count == 2, numbers[0] > 0, numbers[1] > 0 else { return nil }
    return max(1, numbers[0] / numbers[1])
  }

  private static func text(of path: String) -> String {
    (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""
  }
}
