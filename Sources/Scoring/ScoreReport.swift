import Messages
import Protein

/// All scores of a model against a reference, over a whole chain or one domain.
public struct ScoreSet: Sendable, Hashable {
  /// Residues of the reference: the length that normalises all scores.
  public var referenceResidues: Int
  /// Those for which the model has a residue.
  public var matchedResidues: Int
  /// TM-score and GDT, each with its superposition.
  public var superposed: SuperpositionScores
  /// C-alpha RMSD over all matched residues, Å.
  public var rmsd: SuperposedValue?
  /// C-alpha RMSD over the 95 % that fit best, Å.
  public var rmsd95: SuperposedValue?
  /// lDDT over all heavy atoms.
  public var lddt: LocalDistanceDifference
  /// lDDT over C-alphas.
  public var lddtAlpha: LocalDistanceDifference

  /// Share of reference residues that the model has.
  public var coverage: Double { Double(matchedResidues) / Double(max(1, referenceResidues)) }

  /// Scores residues of a reference against their partners.
  init(reference: [Residue], model: [Residue?]) {
    var modelAlphas: [SIMD3<Double>] = []
    var referenceAlphas: [SIMD3<Double>] = []
    for (residue, partner) in zip(reference, model) {
      guard let a = residue.standardAtoms[.ca]?.position,
        let b = partner?.standardAtoms[.ca]?.position
      else { continue }
      referenceAlphas.append(a)
      modelAlphas.append(b)
    }
    referenceResidues = reference.count
    matchedResidues = modelAlphas.count
    superposed = SuperpositionSearch(
      model: modelAlphas, reference: referenceAlphas, targetLength: reference.count
    ).run()
    rmsd = RootMeanSquare.deviation(model: modelAlphas, reference: referenceAlphas)
    rmsd95 = RootMeanSquare.deviation95(model: modelAlphas, reference: referenceAlphas)
    lddt = LocalDistanceDifference(reference: reference, model: model)
    lddtAlpha = LocalDistanceDifference(reference: reference, model: model, atoms: .alphaCarbons)
  }
}

/// Scores over one domain.
public struct DomainScores: Sendable, Hashable {
  /// The domain.
  public var domain: DomainRange
  /// Its scores, normalised by its own length.
  public var scores: ScoreSet
}

/// A comparison of one chain of a model with one chain of a reference.
public struct ScoreReport: Sendable, Hashable {
  /// Chains that were compared.
  public var modelChain, referenceChain: String
  /// Amino acids of the model's chain, those without a partner included.
  public var modelResidues: [Residue]
  /// How residues were matched.
  public var matching: ResidueMatching
  /// Scores over the whole chain.
  public var whole: ScoreSet
  /// Scores over domains, in the order given; those without a residue of the reference are skipped.
  public var domains: [DomainScores]
  /// Why the others are left out.
  public var emptyDomains: [ScoringError] = []
  /// Handedness and clashes of the model's chain.
  public var quality: ModelQuality
  /// Warnings for the reader: renumbered or missing residues, several models or chains, mismatches.
  public var warnings: [String]

  /// Compares the first models of two structures.
  ///
  /// - Parameters:
  ///   - modelChain: chain of the model, by its author's or its mmCIF name; nil for the best match.
  ///   - referenceChain: chain of the reference, likewise.
  ///   - domains: parts of the reference to score separately as well; the model is cut to them.
  ///   - countsAlongModel: whether domains use the numbers of the model instead of the reference's.
  public init(
    model: Structure, reference: Structure, modelChain: String? = nil,
    referenceChain: String? = nil, domains: [DomainRange] = [], countsAlongModel: Bool = false
  ) throws(ScoringError) {
    let selection = try ChainSelection(
      model: model, reference: reference, modelChain: modelChain, referenceChain: referenceChain)
    let matching = selection.matching
    modelResidues = selection.model.aminoAcidResidues
    self.modelChain = selection.model.id
    self.referenceChain = selection.reference.id
    self.matching = matching
    whole = ScoreSet(reference: matching.reference, model: matching.model)
    self.domains = []
    let numbers =
      countsAlongModel ? matching.numbersAlongModel : matching.reference.map(\.number)
    for domain in domains {
      let indices = numbers.indices.filter { domain.contains(numbers[$0]) }
      if indices.isEmpty {
        emptyDomains.append(
          .emptyDomain(
            domain, chain: countsAlongModel ? nil : selection.reference.id,
            numbers: (numbers.min() ?? 0)...(numbers.max() ?? 0)))
        continue
      }
      let scores = ScoreSet(
        reference: indices.map { matching.reference[$0] },
        model: indices.map { matching.model[$0] })
      self.domains.append(DomainScores(domain: domain, scores: scores))
    }
    quality = ModelQuality(modelResidues)
    let notes =
      selection.warnings + Self.warnings(about: matching)
      + Self.warnings(about: self.domains.map(\.domain), numbers)
      + emptyDomains.map { "\($0); it is left out" }
      + Self.warnings(about: quality)
    warnings = notes.map(\.printable)
  }

  private static func warnings(about matching: ResidueMatching) -> [String] {
    var warnings: [String] = []
    if matching.method == .alignment {
      warnings.append("residue numbers do not correspond; the sequences were aligned")
    }
    let missing = matching.reference.count - matching.matchedIndices.count
    if missing > 0 {
      warnings.append("the model lacks \(missing) of \(matching.reference.count) residues")
    }
    let extra = matching.modelResidueCount - matching.matchedIndices.count
    if extra > 0 {
      warnings.append("the reference lacks \(counted(extra, "residue")) of the model")
    }
    let mismatches = matching.mismatches
    if !mismatches.isEmpty {
      let shown = mismatches.prefix(ModelQuality.listed).map { index in
        let residue = matching.reference[index]
        return "\(residue.name) \(residue.label) is \(matching.model[index]?.name ?? "?")"
      }
      warnings.append(
        "\(counted(mismatches.count, "residue")) of another type: \(shown.joined(separator: ", "))"
          + (mismatches.count > ModelQuality.listed ? ", …" : ""))
    }
    let pairs = matching.matchedIndices.compactMap { index in
      matching.model[index].map { (matching.reference[index], $0) }
    }
    warnings += Self.warnings(aboutModifiedIn: matching.reference + pairs.map(\.1))
    if let line = Self.warning(aboutAtomsOf: pairs) { warnings.append(line) }
    for (role, residues) in [
      (ScoringError.Role.reference, matching.reference), (.model, pairs.map(\.1)),
    ] {
      let count = residues.count { $0.atoms.contains { $0.alternateLocation != nil } }
      if count == 0 { continue }
      warnings.append(
        "alternate locations in \(counted(count, "residue")) of the \(role.rawValue); the most occupied count"
      )
    }
    return warnings
  }

  private static func warnings(aboutModifiedIn residues: [Residue]) -> [String] {
    let names = Set(residues.map(\.name)).sorted()
    let kinds = [
      (
        "modified residues count as their parents",
        names.filter { AminoAcid(code: $0) == nil && AminoAcid(component: $0) != .unknown }
      ),
      ("of unknown type, which fits any", names.filter { AminoAcid(component: $0) == .unknown }),
    ]
    return kinds.filter { !$0.1.isEmpty }.map { "\($0): \($1.joined(separator: ", "))" }
  }

  /// A warning about atoms that lDDT over all atoms counts as missing; pairs are residues of the reference and of the model.
  private static func warning(aboutAtomsOf pairs: [(Residue, Residue)]) -> String? {
    if pairs.contains(where: { $0.0.atoms.count > 1 }),
      pairs.allSatisfy({ $0.1.atoms.map(\.name) == ["CA"] })
    {
      return
        "the model has C-alphas only; for lDDT over all atoms the others are missing, lDDT-CA has them all"
    }
    var (all, missing) = (0, 0)
    for (reference, model) in pairs {
      let names = reference.standardAtoms.keys.filter { $0 != .oxt }
      let found = model.standardAtoms
      all += names.count
      missing += names.count { found[$0] == nil }
    }
    return missing == 0
      ? nil
      : "the model lacks \(missing) of \(counted(all, "atom")) of the residues that it has; lDDT over all atoms counts them as wrong"
  }

  private static func warnings(about domains: [DomainRange], _ numbers: [Int]) -> [String] {
    guard let first = numbers.min(), let last = numbers.max() else { return [] }
    let outer = domains.filter { domain in
      domain.ranges.contains { $0.lowerBound < first || $0.upperBound > last }
    }
    return outer.map { "\($0.name) (\($0.label)) reaches beyond the residues \(first) to \(last)" }
  }

  private static func warnings(about quality: ModelQuality) -> [String] {
    if quality.isMirrorImage {
      return ["the model is a mirror image: its residues are D amino acids; lDDT cannot see that"]
    }
    let (wrong, all) = (quality.wrongHand.count, quality.chiralCount)
    // Single wrong hands are listed where the checks are.
    if 4 * wrong < all || all == 0 { return [] }
    return ["\(wrong) of \(counted(all, "residue")) have the wrong hand; lDDT cannot see that"]
  }
}
