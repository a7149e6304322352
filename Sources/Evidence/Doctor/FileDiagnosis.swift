import Messages

/// What an input file is, what is wrong with it, and how to fix it.
public struct FileDiagnosis: Hashable, Sendable {
  /// How bad a finding is.
  public enum Severity: String, Hashable, Sendable {
    /// The file cannot be used.
    case error
    /// The file can be used, but something is changed or skipped.
    case warning
  }

  /// One finding.
  public struct Finding: Hashable, Sendable {
    /// How bad it is.
    public let severity: Severity
    /// Location and problem, in one line.
    public let message: String
    /// How to fix it.
    public let remedy: String
  }

  /// Path of the file.
  public let path: String
  /// What it is, such as `FASTA`.
  public var format: String
  /// What it holds, such as `3 sequences`.
  public var content: String
  /// Findings in the order of the file; at most `maximumFindings`, then a count.
  public var findings: [Finding] = []

  /// A file without findings.
  package init(path: String, format: String, content: String) {
    self.path = path
    self.format = format
    self.content = content
  }

  /// Most findings listed for one file.
  public static let maximumFindings = 100

  /// Whether the file can be used.
  public var isUsable: Bool { !findings.contains { $0.severity == .error } }

  package mutating func add(_ severity: Severity, _ message: String, _ remedy: String) {
    if findings.count < Self.maximumFindings {
      findings.append(.init(severity: severity, message: message, remedy: remedy))
    } else if findings.count == Self.maximumFindings {
      findings.append(
        .init(severity: severity, message: "\(path): there are more findings", remedy: ""))
    }
  }

  /// The lines that the command prints.
  public var text: String {
    var lines = ["\(path): \(format)\(content.isEmpty ? "" : ", \(content)")"]
    for finding in findings {
      lines.append("  \(finding.severity.rawValue): \(finding.message)")
      if !finding.remedy.isEmpty { lines.append("    try: \(finding.remedy)") }
    }
    return lines.map(\.printable).joined(separator: "\n") + "\n"
  }
}
