/// An optional value that is written as `null` in JSON if missing, so that readers find every key.
@propertyWrapper
public struct Stated<Value: Codable & Sendable & Hashable>: Codable, Sendable, Hashable {
  /// The value.
  public var wrappedValue: Value?

  /// A value, or none.
  public init(wrappedValue: Value?) { self.wrappedValue = wrappedValue }

  /// Reads a value or `null`.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    wrappedValue = container.decodeNil() ? nil : try container.decode(Value.self)
  }

  /// Writes the value or `null`.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    if let wrappedValue { try container.encode(wrappedValue) } else { try container.encodeNil() }
  }
}

/// The report as Codable values, for JSON with keys in snake case.
///
/// Scores are numbers of 0 … 1, distances Å. A superposition carries the model onto the reference: `x → R x + t`.
public struct ScoreDocument: Codable, Sendable, Hashable {
  /// A maximised value and the superposition at which it is reached.
  public struct Superposed: Codable, Sendable, Hashable {
    /// The value.
    public var value: Double
    /// Rotation, row-major `[3, 3]`, and translation.
    public var superposition: Superposition

    init(_ value: SuperposedValue) {
      self.value = value.value
      superposition = value.superposition
    }
  }

  /// The largest fraction of reference residues within a distance, and the superposition that proves it.
  public struct Fraction: Codable, Sendable, Hashable {
    /// The distance, Å.
    public var cutoff: Double
    /// The fraction.
    public var value: Double
    /// Rotation, row-major `[3, 3]`, and translation.
    public var superposition: Superposition
  }

  /// Scores of the whole chain or a domain.
  public struct Scores: Codable, Sendable, Hashable {
    /// `whole`, or the domain's name.
    public var name: String
    /// The domain's residue ranges; nil for the whole chain.
    @Stated public var ranges: String?
    /// Residues of the reference, those matched, and their share.
    public var referenceResidues, matchedResidues: Int
    /// Share of reference residues that the model has.
    public var coverage: Double
    /// lDDT over all heavy atoms; nil without neighbours.
    @Stated public var lddt: Double?
    /// lDDT over C-alphas; nil without neighbours.
    @Stated public var lddtCA: Double?
    /// Number of distances behind the all-atom lDDT.
    public var lddtPairs: Int
    /// TM-score.
    public var tmScore: Superposed
    /// GDT scores.
    public var gdtTS, gdtHA: Double
    /// Fractions within 0.5, 1, 2, 4 and 8 Å.
    public var gdtFractions: [Fraction]
    /// C-alpha RMSD over all residues; nil if there are too few.
    @Stated public var rmsd: Superposed?
    /// C-alpha RMSD over the best 95 % of residues.
    @Stated public var rmsd95: Superposed?

    enum CodingKeys: String, CodingKey {
      case name, ranges, coverage, lddt, rmsd, rmsd95
      case referenceResidues = "reference_residues"
      case matchedResidues = "matched_residues"
      case lddtCA = "lddt_ca"
      case lddtPairs = "lddt_pairs"
      case tmScore = "tm_score"
      case gdtTS = "gdt_ts"
      case gdtHA = "gdt_ha"
      case gdtFractions = "gdt_fractions"
    }

    init(_ scores: ScoreSet, name: String, ranges: String?) {
      self.name = name
      self.ranges = ranges
      referenceResidues = scores.referenceResidues
      matchedResidues = scores.matchedResidues
      coverage = scores.coverage
      lddt = scores.lddt.score
      lddtCA = scores.lddtAlpha.score
      lddtPairs = scores.lddt.pairCount
      tmScore = Superposed(scores.superposed.tmScore)
      gdtTS = scores.superposed.gdtTS
      gdtHA = scores.superposed.gdtHA
      gdtFractions = zip(PairScanner.cutoffs, scores.superposed.fractions).map {
        Fraction(cutoff: Double($0), value: $1.value, superposition: $1.superposition)
      }
      rmsd = scores.rmsd.map(Superposed.init)
      rmsd95 = scores.rmsd95.map(Superposed.init)
    }
  }

  /// One residue of the reference.
  public struct ResidueScore: Codable, Sendable, Hashable {
    /// Name and number in the reference and, if it is there, in the model.
    public var reference: String
    /// The model's residue; nil where it has none.
    @Stated public var model: String?
    /// lDDT over all heavy atoms; nil without neighbours.
    @Stated public var lddt: Double?
    /// lDDT over C-alphas; nil without neighbours.
    @Stated public var lddtCA: Double?

    enum CodingKeys: String, CodingKey {
      case reference, model, lddt
      case lddtCA = "lddt_ca"
    }
  }

  /// Chains that were compared.
  public var modelChain, referenceChain: String
  /// `numbers` or `alignment`.
  public var matchedBy: String
  /// Whole chain first, then domains.
  public var scores: [Scores]
  /// Residues with the wrong hand.
  public var wrongHand: [String]
  /// Number of residues whose hand can be determined.
  public var chiralResidues: Int
  /// Peptide bonds of a wrong length.
  public var brokenBonds: [String]
  /// Number of peptide bonds that can be measured.
  public var peptideBonds: Int
  /// Pairs of atoms that overlap by more than 1.5 Å.
  public var clashes: Int
  /// Warnings for the reader.
  public var warnings: [String]
  /// Scores of each residue, if requested.
  public var residues: [ResidueScore]?

  enum CodingKeys: String, CodingKey {
    case scores, clashes, warnings, residues
    case modelChain = "model_chain"
    case referenceChain = "reference_chain"
    case matchedBy = "matched_by"
    case wrongHand = "wrong_hand"
    case chiralResidues = "chiral_residues"
    case brokenBonds = "broken_bonds"
    case peptideBonds = "peptide_bonds"
  }

  /// The values of a report.
  public init(_ report: ScoreReport, perResidue: Bool = false) {
    modelChain = report.modelChain
    referenceChain = report.referenceChain
    matchedBy = report.matching.method == .numbers ? "numbers" : "alignment"
    scores =
      [Scores(report.whole, name: "whole", ranges: nil)]
      + report.domains.map { Scores($0.scores, name: $0.domain.name, ranges: $0.domain.label) }
    wrongHand = report.quality.wrongHand
    chiralResidues = report.quality.chiralCount
    brokenBonds = report.quality.brokenBonds
    peptideBonds = report.quality.bondCount
    clashes = report.quality.clashCount
    warnings = report.warnings
    guard perResidue else { return }
    residues = report.matching.reference.indices.map { index in
      let residue = report.matching.reference[index]
      return ResidueScore(
        reference: "\(residue.name) \(residue.label)",
        model: report.matching.model[index].map { "\($0.name) \($0.label)" },
        lddt: report.whole.lddt.perResidue[index],
        lddtCA: report.whole.lddtAlpha.perResidue[index])
    }
  }
}
