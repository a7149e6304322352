import Protein

/// Rules by which hits become templates; the defaults are AlphaFold's (`templates.py`).
public struct TemplateSettings: Hashable, Sendable {
  /// Latest release date, `YYYY-MM-DD`; nil takes every structure.
  public private(set) var cutoff: String?
  /// Number of templates after which no further hits are tried.
  public var maximumCount = 20
  /// Hits must align more than this share of the target.
  public var minimumAlignedShare = 0.1
  /// Parts of the target itself above this share of its length are duplicates.
  public var maximumDuplicateShare = 0.95
  /// Fewest residues of a hit.
  public var minimumLength = 10
  /// Share of the shorter sequence that must agree when a chain differs from the hit.
  public var minimumIdentity = 0.9
  /// Largest distance of neighbouring CA atoms, Å.
  public var maximumNeighbourDistance = 150.0
  /// Fewest atoms of all aligned residues; alanine has five.
  public var minimumAtoms = 5
  /// Smallest share of identical residues among the aligned ones for a structure given by the user.
  public var minimumIdentityToTarget = 0.25
  /// Largest expected number of alignments of unrelated proteins that score as well as that of a structure given by the user.
  public var maximumExpected = 0.001
  /// Whether only one of several templates with the same aligned sequence is taken, as AlphaFold does for hits of hmmsearch.
  public var removesDuplicates = false

  /// AlphaFold's rules without a cut-off date.
  public init() {}

  /// AlphaFold's rules with a cut-off date `YYYY-MM-DD`; nil if it is not a date.
  public init?(cutoff: String) {
    guard ReleaseDate.isValid(cutoff) else { return nil }
    self.cutoff = cutoff
  }
}
