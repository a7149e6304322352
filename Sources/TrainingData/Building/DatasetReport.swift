import Messages

/// The outcome for every chain considered for a training store.
public struct DatasetReport: Sendable, Hashable {
  /// One chain.
  public struct Row: Sendable, Hashable {
    /// Name.
    public var id: String
    /// Cluster.
    public var cluster: String
    /// What the cluster is used for; nil if its name decides.
    public var namedSplit: DataSplit?
    /// Number of residues; nil if the chain could not be read.
    public var residues: Int?
    /// Number of alignment rows.
    public var alignmentRows: Int?
    /// Templates.
    public var templates: Int?
    /// Number of templates dropped because they are of the chain's own entry.
    public var ownTemplates = 0
    /// Files of its alignment or features; empty if none was found, so that the chain is its own alignment.
    public var evidence: [String] = []
    /// Resolution, Å.
    public var resolution: Float?
    /// Release date.
    public var releaseDate: String?
    /// Why it was rejected; nil if it was kept.
    public var rejection: RejectionReason?

    init(id: String, cluster: String, namedSplit: DataSplit? = nil) {
      self.id = id
      self.cluster = cluster
      self.namedSplit = namedSplit
    }

    /// What the chain is used for.
    public var split: DataSplit { namedSplit ?? DataSplit(cluster: cluster) }
  }

  /// All chains in the order of the sources.
  public var rows: [Row] = []
  /// Chains in the store that the table of clusters does not name; 0 without a table.
  public var unlistedCount = 0

  /// Chains in the store.
  public var keptCount: Int { rows.count { $0.rejection == nil } }

  /// Rejected chains by kind of reason, such as `length 3, resolution 1`.
  public var rejections: String {
    let kinds = Dictionary(grouping: rows.compactMap { $0.rejection?.kind }, by: { $0 })
    if kinds.isEmpty { return "nothing rejected" }
    return kinds.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value.count)" }
      .joined(separator: ", ")
  }

  /// The summary for people.
  public var lines: [String] {
    let kept = rows.filter { $0.rejection == nil }
    let splits = DataSplit.allCases.map { split in
      let members = kept.filter { $0.split == split }
      return
        "\(split.rawValue): \(counted(members.count, "chain")) in \(counted(Set(members.map(\.cluster)).count, "cluster"))"
    }
    let informed = kept.count { !$0.evidence.isEmpty }
    let rest = informed < kept.count ? "; a chain without one is its own alignment" : ""
    return ["kept \(kept.count) of \(counted(rows.count, "chain"))"] + splits + [
      "rejected: \(rejections)",
      "\(informed) of \(counted(kept.count, "chain")) in the store \(informed == 1 ? "has" : "have") an alignment or a feature file\(rest)",
    ] + templateLines(kept)
  }

  private func templateLines(_ kept: [Row]) -> [String] {
    let (templates, own) = (
      kept.count { ($0.templates ?? 0) > 0 }, kept.reduce(0) { $0 + $1.ownTemplates }
    )
    if templates == 0 && own == 0 { return [] }
    return [
      "\(counted(templates, "chain")) with templates; \(counted(own, "template")) of a chain's own PDB entry left out, and those released after a chain are not told apart"
    ]
  }

  /// One line per chain, tab-separated, with a header.
  public var table: String {
    let header = [
      "chain", "status", "reason", "detail", "residues", "rows", "templates", "resolution",
      "release_date", "cluster", "split", "evidence",
    ]
    let body = rows.map(Self.cells)
    return ([header] + body).map { $0.joined(separator: "\t") }.joined(separator: "\n") + "\n"
  }

  private static func cells(_ row: Row) -> [String] {
    let detail = row.rejection.map { "\($0)" } ?? "-"
    let evidence =
      row.evidence.isEmpty ? "-" : row.evidence.joined(separator: ";").replacing("\t", with: " ")
    let numbers = [
      row.residues.map { String($0) } ?? "-", row.alignmentRows.map { String($0) } ?? "-",
      row.templates.map { String($0) } ?? "-", row.resolution.map { String($0) } ?? "-",
    ]
    return [
      row.id, row.rejection == nil ? "kept" : "rejected", row.rejection?.kind ?? "-",
      detail.replacing("\t", with: " ").replacing("\n", with: " "),
    ] + numbers + [row.releaseDate ?? "-", row.cluster, row.split.rawValue, evidence]
  }
}
