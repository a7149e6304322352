import Synchronization

/// Versions of search programs, asked of each program once.
public final class ToolVersions: Sendable {
  private let known = Mutex<[String: String]>([:])

  /// Nothing is asked yet.
  public init() {}

  /// Time a program has to tell its version.
  private static let patience: Duration = .seconds(60)

  private static let unknown = "unknown"

  /// What a program says of its version, such as `HMMER 3.3.2`; "unknown" if it says nothing, for which it is asked again.
  func version(
    of tool: SearchTool, at path: String, interruption: SearchInterruption
  ) -> String {
    if let version = known.withLock({ $0[path] }) { return version }
    let end = ContinuousClock.now + Self.patience
    let isOver = SearchInterruption(orWhen: { interruption.isInterrupted || .now > end })
    let outcome = try? ToolProcess(
      executable: path, arguments: [tool == .mmseqs ? "version" : "-h"]
    ).run(interruption: isOver, onLine: { _ in }, onTick: { _ in })
    let version = Self.version(of: tool, in: outcome?.log ?? "")
    if version != Self.unknown { known.withLock { $0[path] = version } }
    return version
  }

  /// The version in what a program wrote.
  static func version(of tool: SearchTool, in text: String) -> String {
    let found: Substring?
    switch tool {
    case .jackhmmer, .hmmbuild, .hmmsearch:
      found = text.firstMatch(of: /HMMER [0-9][A-Za-z0-9._-]*/)?.output
    case .hhblits, .hhsearch:
      found = text.firstMatch(of: /HH(?:blits|search|suite) [0-9][A-Za-z0-9._-]*/)?.output
    case .mmseqs:
      found = text.split(whereSeparator: \.isWhitespace).first.map { $0.prefix(60) }
    }
    return found.map(String.init) ?? unknown
  }
}
