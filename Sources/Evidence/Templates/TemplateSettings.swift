/// Rules by which hits become templates; the defaults are AlphaFold's (`templates.py`).
public struct TemplateSettings: Hashable, Sendable {
  /// Latest release date, `YYYY-MM-DD`; nil takes every structure.
  public private(set) var cutoff: String?
  /// Number of templates after which hits are no longer looked at.
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
  /// Share of identical residues among the aligned that a structure given by the user needs.
  public var minimumIdentityToTarget = 0.25
  /// Whether templates with the same aligned sequence are taken once, as AlphaFold does for hits of hmmsearch.
  public var removesDuplicates = false

  /// AlphaFold's rules without a cut-off date.
  public init() {}

  /// AlphaFold's rules with a cut-off date `YYYY-MM-DD`; nil if it is no date.
  public init?(cutoff: String) {
    guard Self.isDate(cutoff) else { return nil }
    self.cutoff = cutoff
  }

  /// Whether text is a day of the calendar in the form `YYYY-MM-DD`; such dates sort as text.
  static func isDate(_ text: String) -> Bool {
    let parts = text.split(separator: "-", omittingEmptySubsequences: false)
    guard parts.map(\.utf8.count) == [4, 2, 2],
      parts.allSatisfy({ $0.utf8.allSatisfy { (0x30...0x39).contains($0) } }),
      let year = Int(parts[0]), let month = Int(parts[1]), let day = Int(parts[2]),
      (1...12).contains(month)
    else { return false }
    let isLeapYear = year.isMultiple(of: 4) && !year.isMultiple(of: 100) || year.isMultiple(of: 400)
    let days = [31, isLeapYear ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
    return (1...days[month - 1]).contains(day)
  }
}
