import FeaturePipeline
import Foundation
import Messages

/// How a result was found, now or by the run that kept it.
public struct SearchOrigin: Hashable, Sendable {
  /// Program.
  public var tool: SearchTool
  /// What the program says of its version.
  public var toolVersion: String
  /// Path of the program.
  public var toolPath: String
  /// Arguments of all commands, with symbols for paths.
  public var arguments: [[String]]
  /// Databases, with sizes, dates and digests of their files.
  public var databases: [SearchDatabase.Identity]
  /// Date and time of the search, ISO 8601.
  public var date: String

  init(_ entry: SearchCache.Entry) {
    (tool, toolVersion, toolPath) = (entry.key.tool, entry.key.toolVersion, entry.toolPath)
    (arguments, databases, date) = (entry.key.arguments, entry.key.databases, entry.made)
  }

  /// One line: program, version and date, commands, and what was searched.
  public var text: String {
    let clock = ISO8601DateFormatter()
    let files = databases.flatMap(\.files).map { file in
      let seconds = Double(file.modified) / 1e9
      let day = clock.string(from: Date(timeIntervalSince1970: seconds))
      return "\(file.name) (\(file.bytes) bytes, changed \(day), ends \(file.ends.prefix(16)))"
    }
    let commands = arguments.map { $0.joined(separator: " ") }
    return "\(tool.rawValue) (\(toolVersion), \(toolPath)) on \(date): "
      + "\(commands.joined(separator: "; ")); database \(files.joined(separator: ", "))"
  }
}

/// The outcome of the searches for one target: `searches.tsv`.
public struct SearchReport: Hashable, Sendable {
  /// One search.
  public struct Row: Hashable, Sendable {
    /// Name of the step.
    public var step: String
    /// Program; nil when no search could be planned.
    public var tool: SearchTool?
    /// What the result is for.
    public var purpose: SearchStep.Purpose?
    /// Result file; nil if there is none.
    public var path: String?
    /// Rows or hits in the result.
    public var rows = 0
    /// Time, s.
    public var seconds = 0.0
    /// Whether the result came from an earlier run.
    public var isCached = false
    /// Why there is no result.
    public var failure: SearchFailure?
    /// How the result was found; nil if there is none.
    public var origin: SearchOrigin?

    /// Name of the result file; nil if there is none.
    public var resultName: String? { path?.split(separator: "/").last.map(String.init) }
  }

  /// Searches in the order in which they ran.
  public var rows: [Row] = []

  /// An empty report.
  public init() {}

  /// Alignments found, in AlphaFold's order of files.
  public var alignments: [Row] { rows.filter { $0.purpose == .alignment && $0.path != nil } }
  /// The alignments found, read and, for large databases, truncated as in AlphaFold2.
  public func usedAlignments() throws(InputError) -> [Alignment] {
    var found: [Alignment] = []
    for row in alignments {
      guard let path = row.path else { continue }
      found.append(try Alignment.read(path: path))
    }
    return found
  }

  /// Template hits found.
  public var templateHits: [Row] { rows.filter { $0.purpose == .templates && $0.path != nil } }
  /// Failures in order.
  public var failures: [SearchFailure] { rows.compactMap(\.failure) }

  /// The status for the shell: that of the worst failure, if there is one.
  public var exitStatus: ExitStatus {
    let statuses = failures.map(\.exitStatus)
    let worst: ExitStatus? = [.interrupted, .missingTool].first(where: statuses.contains)
    return worst ?? statuses.first ?? .success
  }

  /// Tab-separated text with a header line.
  public var text: String {
    rows.reduce(into: "search\tprogram\tstate\trows\tseconds\tfile\tcause\n") { text, row in
      let state = row.failure != nil ? "failed" : row.isCached ? "cached" : "searched"
      let tenths = Int((row.seconds * 10).rounded())
      text += "\(row.step)\t\(row.tool?.rawValue ?? "")\t\(state)\t\(row.rows)\t"
      text +=
        "\(tenths / 10).\(tenths % 10)\t\(row.resultName ?? "")\t\(row.failure?.description ?? "")\n"
    }
  }
}
