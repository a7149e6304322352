/// Finds the cause of a failure from how a program ended and what it wrote.
enum FailureCause {
  /// How a program ended.
  enum End: Hashable, Sendable {
    case exit(Int32)
    case signal(Int32)
  }

  /// One line that names the cause.
  static func line(_ end: End, log: String) -> String {
    let lines = log.split(whereSeparator: \.isNewline).map { line in
      line.trimmingPrefix { $0.isWhitespace }
    }.filter { !$0.isEmpty }
    for (cause, signs) in signs {
      if let match = last(of: lines, with: signs) { return "\(cause) (\(shortened(match)))" }
    }
    if case .signal(let number) = end { return signalCause(number) }
    let said = last(of: lines, with: ["error", "fatal"]) ?? lines.last.map { String($0) }
    let status = if case .exit(let code) = end { "exit status \(code)" } else { "" }
    return said.map { "\($0.isEmpty ? "" : shortened($0)) (\(status))" }
      ?? "\(status), and it wrote no message"
  }

  /// The last line that holds one of the words, with the next line if it ends in a colon.
  private static func last(of lines: [Substring], with words: [String]) -> String? {
    let found = lines.lastIndex { line in
      let line = line.lowercased()
      return words.contains { line.contains($0) }
    }
    guard let found else { return nil }
    let next = found + 1
    return lines[found].hasSuffix(":") && next < lines.count
      ? "\(lines[found]) \(lines[next])" : String(lines[found])
  }

  /// Causes in the order of precedence, with the words of programs in lower case.
  private static let signs: [(String, [String])] = [
    (
      "not enough memory",
      [
        "bad_alloc", "out of memory", "cannot allocate", "could not allocate", "malloc",
        "not enough memory", "memory allocation",
      ]
    ),
    ("no space left on the disk", ["no space left", "disk quota exceeded"]),
    ("permission denied", ["permission denied", "not readable", "not permitted"]),
    (
      "a file is missing",
      [
        "no such file", "failed to open", "could not open", "does not exist", "cannot open",
        "can't open", "could not find", "not found",
      ]
    ),
    (
      "a database file is damaged or of another kind",
      ["misformatted", "parse failed", "is empty", "wrong format", "unrecognized", "corrupt"]
    ),
    ("this processor lacks instructions the program needs", ["illegal instruction"]),
  ]

  private static func signalCause(_ number: Int32) -> String {
    switch number {
    case 9: "killed by signal 9 (SIGKILL); mostly the system does this when memory runs out"
    case 4: "killed by signal 4 (SIGILL); it was built for another processor, install another build"
    case 11, 7: "crashed (signal \(number)); the database may be damaged or memory short"
    case 6: "aborted (signal 6); memory may be short"
    case 15, 2, 1: "stopped by signal \(number)"
    default: "killed by signal \(number)"
    }
  }

  private static func shortened(_ line: some StringProtocol) -> String {
    let plain = line.unicodeScalars.map {
      $0.value < 0x20 || $0.value == 0x7F ? " " : Character($0)
    }
    return plain.count > 200 ? String(plain.prefix(200)) + "…" : String(plain)
  }
}
