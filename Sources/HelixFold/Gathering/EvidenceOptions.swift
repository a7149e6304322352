import Evidence
import FeaturePipeline

/// Where a prediction looks for alignments and templates besides the user's files.
public struct EvidenceOptions: Sendable {
  /// Databases to search; nil searches nothing.
  public var search: SearchOptions?
  /// Where structures for templates are, and the rules for them.
  public var templates = TemplateOptions()
  /// Results of template searches: hhr or Stockholm files, or folders that hold those of each target by name.
  public var hitPaths: [String] = []
  /// Largest number of alignment rows to keep; nil keeps all.
  public var rowBudget: Int?
  /// Seed of the choice of rows.
  public var seed: UInt64 = 0

  /// Nothing to look for.
  public init() {}

  /// Whether templates are looked for.
  public var usesTemplates: Bool {
    templates.structureFolder != nil || !templates.userPaths.isEmpty
  }

  /// Drops the databases that are searched only for templates; returns whether there were any.
  public mutating func leaveOutTemplateSearches() -> Bool {
    guard var search else { return false }
    let count = search.databases.count
    search.databases.removeAll { DatabaseRole($0.name).use == .templates }
    self.search = search.databases.isEmpty ? nil : search
    return search.databases.count < count
  }

  /// Whether there is anything to do.
  public var isEmpty: Bool { search == nil && !usesTemplates && rowBudget == nil }
}
