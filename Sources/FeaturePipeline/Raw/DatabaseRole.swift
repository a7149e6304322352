/// How AlphaFold2 uses the hits in a database, by the database's name.
///
/// Results are files called `NAME_hits.ENDING`. Searches, named files, folders and imports all use this, so that the same files
/// always give the same alignment.
public struct DatabaseRole: Hashable, Comparable, Sendable {
  /// The use of its hits.
  public enum Use: Hashable, Sendable {
    /// Rows of the alignment.
    case alignment
    /// Templates.
    case templates
    /// Paired chains of a complex, of no use for a single chain.
    case pairing
  }

  /// Name as given.
  public let name: String
  private let key: String

  /// The database with a name, regardless of case.
  public init(_ name: String) {
    self.name = name
    key = name.lowercased()
  }

  /// The database of a result, by the name of the file, such as `mgnify_hits.sto` or `mgnify_hits.filtered.a3m`; nil if it is not
  /// named like one.
  package init?(file: String) {
    guard let stem = AlignmentFiles.stem(file),
      let match = stem.firstMatch(of: /^(.*?)_hits(\.|$)/.ignoresCase())
    else { return nil }
    self.init(String(match.1))
  }

  /// The use of its hits.
  public var use: Use {
    switch key {
    case "pdb70", "pdb_seqres", "pdb": .templates
    case "uniprot": .pairing
    default: .alignment
    }
  }

  /// Most rows used from an alignment; nil for all.
  ///
  /// Suppl. 1.2.2 and the flags of AlphaFold 2.3 (`uniref_max_hits`, `mgnify_max_hits`).
  public var maximumRows: Int? {
    switch key {
    case "uniref90": 10_000
    case "mgnify": 501
    default: nil
    }
  }

  /// Rank among the results: UniRef90, BFD and its kin, MGnify, others, and last those for templates.
  private var rank: Int {
    switch key {
    case "uniref90": 0
    case "bfd", "small_bfd", "uniref30", "uniclust30": 1
    case "mgnify": 2
    default: use == .alignment ? (key.hasPrefix("bfd_") ? 1 : 3) : 4
    }
  }

  /// The order in which AlphaFold2 joins rows; databases that it does not know are ordered by name.
  public static func < (first: Self, second: Self) -> Bool {
    (first.rank, first.key, first.name) < (second.rank, second.key, second.name)
  }
}
