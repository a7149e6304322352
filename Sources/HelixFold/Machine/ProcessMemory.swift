import CLibrary
import CProcess
import Distribution
import Foundation

/// Memory of this process as the system counts it.
public enum ProcessMemory {
  /// Makes freed arrays of more than 1 MiB go back to the system at once; call before anything else.
  ///
  /// Otherwise glibc's allocator learns from the first large arrays to keep up to 32 MiB of each size, which no memory plan counts.
  public static func returnFreed() {
    hf_return_freed_blocks(1 << 20)
  }

  /// Largest resident size so far, bytes.
  package static var residentPeak: Int {
    var usage = rusage()
    #if canImport(Glibc)
      let itself = RUSAGE_SELF.rawValue  // an enumeration in glibc, a number elsewhere
    #else
      let itself = RUSAGE_SELF
    #endif
    guard getrusage(itself, &usage) == 0 else { return 0 }
    #if canImport(Darwin)
      return usage.ru_maxrss
    #else
      return usage.ru_maxrss << 10
    #endif
  }

  /// Bytes that this process can hold, including what it holds now: free memory and swap, within the limits set for it.
  ///
  /// The kernel's `MemAvailable` (proc(5)), `RLIMIT_AS`, and the limits of its control groups, as containers and batch systems set them.
  package static var available: Int {
    var bytes = Int(clamping: ProcessInfo.processInfo.physicalMemory)
    #if os(Linux)
      let state = lines(of: "/proc/meminfo", values: ["MemAvailable:", "SwapFree:"])
      if let free = state["MemAvailable:"] {
        let resident = lines(of: "/proc/self/status", values: ["VmRSS:"])["VmRSS:"] ?? 0
        bytes = (free + (state["SwapFree:"] ?? 0) + resident) << 10
      }
      for file in limitFiles(ofGroups: ControlGroups.own) {
        guard let text = try? String(contentsOfFile: file, encoding: .utf8),
          let limit = Int(text.filter { !$0.isWhitespace }), limit > 0
        else { continue }
        bytes = min(bytes, limit)
      }
      #if canImport(Glibc)
        let addressSpace = __rlimit_resource_t(RLIMIT_AS.rawValue)
      #else
        let addressSpace = RLIMIT_AS
      #endif
      var limit = rlimit()
      if getrlimit(addressSpace, &limit) == 0 {
        bytes = min(bytes, Int(clamping: limit.rlim_cur))
      }
    #endif
    return bytes
  }

  /// This process's share of what its machine can provide: processes of a group on one machine have equal shares.
  ///
  /// Collective.
  static func share(among group: any Communicator) throws(CommunicationError) -> Int {
    let own = available
    if group.size == 1 { return own }
    let host = ProcessInfo.processInfo.hostName
    return share(of: host, in: try group.allGather("\(own) \(host)")) ?? own
  }

  /// The share of each process on a machine, from lines with the bytes and the machine of every process; nil if no line names it.
  static func share(of host: String, in lines: [String]) -> Int? {
    let found = lines.compactMap { line -> Int? in
      let parts = line.split(separator: " ", maxSplits: 1, omittingEmptySubsequences: false)
      return parts.count == 2 && parts[1] == host ? Int(parts[0]) : nil
    }
    return found.min().map { $0 / found.count }
  }

  /// Files that may hold a limit of memory for a process of the given control groups.
  static func limitFiles(ofGroups text: String) -> [String] {
    ControlGroups.places(of: "memory", in: text).map {
      $0.folder + ($0.isUnified ? "/memory.max" : "/memory.limit_in_bytes")
    }
  }

  /// Numbers in KiB that follow words at the beginning of lines.
  private static func lines(of path: String, values words: [String]) -> [String: Int] {
    guard let text = try? String(contentsOfFile: path, encoding: .utf8) else { return [:] }
    var found: [String: Int] = [:]
    for line in text.split(separator: "\n") {
      let parts = line.split(whereSeparator: { $0 == " " || $0 == "\t" })
      guard parts.count >= 2, let number = Int(parts[1]), words.contains(String(parts[0])) else {
        continue
      }
      found[String(parts[0])] = number
    }
    return found
  }
}
