import Protein

/// Which residue of a model stands for which residue of the reference.
public struct ResidueMatching: Sendable, Hashable {
  /// How partners were found.
  public enum Method: Sendable, Hashable {
    /// By residue number and insertion code, which name the same residue types in both.
    case numbers
    /// By aligning the sequences, because numbers did not fit or left out what has partners.
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

  /// Number of each residue of the reference along the model: its own where numbers correspond, else that of its partner, counted on
  /// where it has none. `[N_ref]`
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
  /// Throws if either has no C-alpha, or if less than half of the shorter chain finds a partner of its type.
  public init(model: Chain, reference: Chain) throws(ScoringError) {
    let models = try Self.residues(of: model, role: .model)
    let references = try Self.residues(of: reference, role: .reference)
    self.reference = references
    modelResidueCount = models.count
    let byNumber = Self.byNumber(models, references)
    if Self.fits(byNumber, models, references) {
      let more = Self.completed(byNumber, models, references)
      method = more == nil ? .numbers : .alignment
      self.model = more ?? byNumber
    } else {
      method = .alignment
      self.model = try Self.aligned(models, references)
    }
    let identical = matchedIndices.count - mismatches.count
    let needed = (min(models.count, references.count) + 1) / 2
    guard identical >= needed else {
      throw .differentSequences(
        identical: identical, modelResidues: models.count, referenceResidues: references.count)
    }
  }

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

  private static func byNumber(_ models: [Residue], _ references: [Residue]) -> [Residue?] {
    let known = Dictionary(models.map { ($0.label, $0) }, uniquingKeysWith: { first, _ in first })
    return references.map { known[$0.label] }
  }

  /// Whether nine of ten residues of the shorter chain found a partner, and nearly all partners are of the same type.
  private static func fits(
    _ partners: [Residue?], _ models: [Residue], _ references: [Residue]
  ) -> Bool {
    let pairs = zip(references, partners).compactMap { reference, partner in
      partner.map { (reference, $0) }
    }
    let same = pairs.filter { $0.fits($1) }.count
    let shorter = min(models.count, references.count)
    return 10 * pairs.count >= 9 * shorter && 20 * same >= 19 * pairs.count
  }

  /// Partners by alignment where that keeps all partners by number and finds more of the same types, and none of others: residues
  /// of one side may have insertion codes.
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
