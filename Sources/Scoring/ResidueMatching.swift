import Protein

/// Which residue of a model corresponds to which residue of the reference.
public struct ResidueMatching: Sendable, Hashable {
  /// How partners were found.
  public enum Method: Sendable, Hashable {
    /// By residue number and insertion code.
    case numbers
    /// By aligning the sequences, because numbers repeat, fit worse or miss partners.
    case alignment
  }

  /// Amino acids of the reference with a C-alpha, in order. `[N_ref]`
  public var reference: [Residue]
  /// The model's residue for each of them; nil where the model has none. `[N_ref]`
  public var model: [Residue?]
  /// How partners were found.
  public var method: Method
  /// Amino acids of the model with a C-alpha.
  public var modelResidueCount: Int

  /// Places where both have a residue.
  public var matchedIndices: [Int] { model.indices.filter { model[$0] != nil } }

  /// Places of partners of different types; unknown residues fit all.
  public var mismatches: [Int] {
    matchedIndices.filter { index in
      model[index].map { !$0.fits(reference[index]) } ?? false
    }
  }

  /// Number of each residue of the reference along the model: its own if numbers correspond, else that of its partner, continued by
  /// counting if it has none. `[N_ref]`
  ///
  /// Structures of the PDB keep the numbers of their authors; domains of a target count along its sequence.
  public var numbersAlongModel: [Int] {
    if method == .numbers { return reference.map(\.number) }
    let first = model.indices.first { model[$0] != nil } ?? 0
    var next = (model[first]?.number ?? 1) - first
    return model.map { partner in
      let number = partner?.number ?? next
      next = number + 1
      return number
    }
  }

  /// Matches a model's chain to the reference's.
  ///
  /// By number or by alignment, whichever pairs more residues of the same type; by number in case of a tie. Throws if either has no
  /// C-alpha, or if too few pairs have the same type: at least half of the shorter chain, or by number half of the part in which
  /// the numbers overlap, but ten or more.
  public init(model: Chain, reference: Chain) throws(ScoringError) {
    let models = try Self.residues(of: model, role: .model)
    let references = try Self.residues(of: reference, role: .reference)
    self.reference = references
    modelResidueCount = models.count
    let byNumber = Self.byNumber(models, references)
    if let byNumber, Self.fits(byNumber, models, references) {
      let more = Self.completed(byNumber, models, references)
      method = more == nil ? .numbers : .alignment
      self.model = more ?? byNumber
      return
    }
    let aligned = try Self.aligned(models, references)
    let shared = byNumber.map { Self.identical($0, references) } ?? 0
    let found = Self.identical(aligned, references)
    let half = (min(models.count, references.count) + 1) / 2
    let part = max(Self.leastShared, (Self.overlap(models, references) + 1) / 2)
    let isAligned = found >= half
    guard isAligned || shared >= min(half, part) else {
      throw .differentSequences(
        byNumber: shared, byAlignment: found, modelResidues: models.count,
        referenceResidues: references.count)
    }
    if let byNumber, shared >= found || !isAligned {
      (method, self.model) = (.numbers, byNumber)
    } else {
      (method, self.model) = (.alignment, aligned)
    }
  }

  /// Residues with the same number and type that cannot be chance, however little the numbers overlap.
  private static let leastShared = 10

  private static func residues(
    of chain: Chain, role: ScoringError.Role
  ) throws(ScoringError) -> [Residue] {
    let aminoAcids = chain.aminoAcidResidues
    guard !aminoAcids.isEmpty else { throw .noAminoAcid(role, chain: chain.id) }
    for residue in aminoAcids {
      for atom in residue.atoms where !atom.isPlausible {
        throw .notFinite(role, residue: "\(residue.name) \(residue.label)", atom: atom.name)
      }
    }
    let withAlpha = aminoAcids.filter { $0.standardAtoms[.ca] != nil }
    guard !withAlpha.isEmpty else { throw .noAlphaCarbon(role, chain: chain.id) }
    return withAlpha
  }

  /// Partners of the same number; nil if numbers repeat and so identify nothing.
  private static func byNumber(_ models: [Residue], _ references: [Residue]) -> [Residue?]? {
    let known = Dictionary(models.map { ($0.label, $0) }, uniquingKeysWith: { first, _ in first })
    let isUnique =
      known.count == models.count && Set(references.map(\.label)).count == references.count
    return isUnique ? references.map { known[$0.label] } : nil
  }

  /// The smaller number of residues of either chain within the range of numbers of both.
  private static func overlap(_ models: [Residue], _ references: [Residue]) -> Int {
    let sides = [models, references].map { $0.map(\.number) }
    let first = sides.compactMap { $0.min() }.max() ?? 0
    let last = sides.compactMap { $0.max() }.min() ?? 0
    return sides.map { side in side.count { first <= $0 && $0 <= last } }.min() ?? 0
  }

  /// Number of pairs of the same type.
  private static func identical(_ partners: [Residue?], _ references: [Residue]) -> Int {
    zip(references, partners).count { reference, partner in partner.map(reference.fits) ?? false }
  }

  /// Whether nine of ten residues of the shorter chain have a partner, and nearly all partners have the same type.
  private static func fits(
    _ partners: [Residue?], _ models: [Residue], _ references: [Residue]
  ) -> Bool {
    let pairs = partners.count { $0 != nil }
    let shorter = min(models.count, references.count)
    return 10 * pairs >= 9 * shorter && 20 * identical(partners, references) >= 19 * pairs
  }

  /// Partners by alignment, if that keeps all partners by number and adds only partners of the same type: residues of one side may
  /// have insertion codes.
  private static func completed(
    _ partners: [Residue?], _ models: [Residue], _ references: [Residue]
  ) -> [Residue?]? {
    let found = partners.count { $0 != nil }
    guard found < references.count, found < models.count else { return nil }
    // Chains too long to align keep their numbers.
    guard let aligned = try? Self.aligned(models, references) else { return nil }
    let agrees = references.indices.allSatisfy { index in
      if let partner = partners[index] { return aligned[index] == partner }
      return aligned[index].map { $0.aminoAcid == references[index].aminoAcid } ?? true
    }
    return agrees && aligned.count { $0 != nil } > found ? aligned : nil
  }

  private static func aligned(
    _ models: [Residue], _ references: [Residue]
  ) throws(ScoringError) -> [Residue?] {
    var aligner = PairwiseAligner(scores: .identity)
    aligner.maximumCells = 1 << 30
    let alignment: PairwiseAligner.Alignment
    do {
      alignment = try aligner.align(
        references.map(\.oneLetterCode), models.map(\.oneLetterCode),
        breaks: ChainContinuity.breaks(in: references))
    } catch {
      throw .tooLongToAlign(models: models.count, references: references.count)
    }
    var partners = [Residue?](repeating: nil, count: references.count)
    for pair in alignment.pairs { partners[pair.first] = models[pair.second] }
    return partners
  }
}

extension Residue {
  /// Whether both are of the same type; unknown residues fit all.
  fileprivate func fits(_ other: Residue) -> Bool {
    let (type, otherType) = (aminoAcid, other.aminoAcid)
    return type == otherType || type == .unknown || otherType == .unknown
  }

  /// ASCII letter, `X` if the type is unknown.
  fileprivate var oneLetterCode: UInt8 { aminoAcid.letter.asciiValue ?? UInt8(ascii: "X") }
}
