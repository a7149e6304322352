/// The outcome for every hit: `templates.tsv`.
public struct TemplateTable: Hashable, Sendable {
  /// One hit or structure.
  public struct Row: Hashable, Sendable {
    /// Position in the search result, from 1.
    public var hit: Int
    /// Name of the hit, or file and chain.
    public var name: String
    /// Sum of probabilities; nil if the search reports none.
    public var sumOfProbabilities: Double?
    /// Aligned columns of the hit.
    public var alignedColumns: Int
    /// Position among the templates, from 1; nil if rejected.
    public var template: Int?
    /// Atoms with coordinates.
    public var atoms: Int
    /// Reason of the rejection, or a remark; empty if there is none.
    public var reason: String
    /// The reason of the rejection in words that many hits share; empty for a template.
    public var kind = ""
  }

  /// Rows in the order in which hits were tried.
  public var rows: [Row] = []

  /// An empty table.
  public init() {}

  /// Hits that became templates.
  public var usedCount: Int { rows.count { $0.template != nil } }

  /// How often each kind of reason stands against a hit, the most frequent first: `87 no structure file, 1 part of the target`.
  public var rejections: String {
    let kinds = Dictionary(grouping: rows.lazy.map(\.kind).filter { !$0.isEmpty }) { $0 }
    return kinds.map { (count: $0.value.count, kind: $0.key) }
      .sorted { (-$0.count, $0.kind) < (-$1.count, $1.kind) }
      .map { "\($0.count) \($0.kind)" }.joined(separator: ", ")
  }

  /// Tab-separated text with a header line.
  public var text: String {
    let header = "hit\tname\tsum_probs\taligned\tused\tatoms\treason\n"
    return rows.reduce(into: header) { text, row in
      let sum = row.sumOfProbabilities.map { "\($0)" } ?? ""
      let used = row.template.map { "template \($0)" } ?? "rejected"
      let name = row.name.split { $0 == "\t" || $0.isNewline }.joined(separator: " ")
      text +=
        "\(row.hit)\t\(name)\t\(sum)\t\(row.alignedColumns)\t\(used)\t\(row.atoms)\t\(row.reason)\n"
    }
  }
}

extension TemplateTable.Row {
  init(_ hit: TemplateHit, used template: AlignedTemplate, place: Int, note: String?) {
    self.init(
      hit: hit.index, name: hit.name, sumOfProbabilities: hit.sumOfProbabilities,
      alignedColumns: hit.alignedColumns, template: place, atoms: template.atoms,
      reason: note ?? "")
  }

  init(_ hit: TemplateHit, rejected reason: TemplateRejection) {
    self.init(
      hit: hit.index, name: hit.name, sumOfProbabilities: hit.sumOfProbabilities,
      alignedColumns: hit.alignedColumns, template: nil, atoms: 0, reason: reason.description,
      kind: reason.kind)
  }
}
