import Protein

/// The two chains to compare: named by the user, or the best match by residues in common, then by lDDT-CA.
struct ChainSelection {
  let model, reference: Chain
  let matching: ResidueMatching
  let warnings: [String]

  init(
    model: Structure, reference: Structure, modelChain: String?, referenceChain: String?
  ) throws(ScoringError) {
    let models = try Self.candidates(model, wanted: modelChain, .model)
    let references = try Self.candidates(reference, wanted: referenceChain, .reference)
    var pairs: [(model: Chain, reference: Chain, matching: ResidueMatching)] = []
    var most = -1
    var failure: ScoringError?
    for reference in references {
      for model in models {
        do throws(ScoringError) {
          let matching = try ResidueMatching(model: model, reference: reference)
          let identical = matching.matchedIndices.count - matching.mismatches.count
          if identical > most { (most, pairs) = (identical, []) }
          if identical == most { pairs.append((model, reference, matching)) }
        } catch {
          failure = failure ?? error
        }
      }
    }
    guard let best = Self.nearest(pairs.map(\.matching)).map({ pairs[$0] }) else {
      throw failure ?? .noAminoAcid(.model, chain: modelChain)
    }
    self.model = best.model
    self.reference = best.reference
    matching = best.matching
    warnings =
      Self.warnings(model, models, chosen: best.model, .model)
      + Self.warnings(reference, references, chosen: best.reference, .reference)
  }

  /// Among pairs of chains of one sequence, the index of the one with the highest lDDT-CA; the first in case of ties.
  private static func nearest(_ matchings: [ResidueMatching]) -> Int? {
    if matchings.count < 2 { return matchings.indices.first }
    let scores = matchings.map { matching in
      LocalDistanceDifference(
        reference: matching.reference, model: matching.model, atoms: .alphaCarbons
      ).score ?? 0
    }
    return scores.indices.reduce(0) { scores[$1] > scores[$0] ? $1 : $0 }
  }

  /// Chains with amino acids, or those with the wanted name.
  private static func candidates(
    _ structure: Structure, wanted: String?, _ role: ScoringError.Role
  ) throws(ScoringError) -> [Chain] {
    let chains = structure.models.first?.chains ?? []
    let proteins = chains.filter { !$0.aminoAcidResidues.isEmpty }
    guard let wanted else {
      guard !proteins.isEmpty else { throw .noAminoAcid(role, chain: nil) }
      return proteins
    }
    let named = chains.filter { $0.id == wanted }
    let found = named.isEmpty ? chains.filter { $0.labelID == wanted } : named
    guard !found.isEmpty else {
      let present = Set(chains.map(\.id)).sorted()
      throw .noSuchChain(role, wanted: wanted, present: present)
    }
    let usable = found.filter { !$0.aminoAcidResidues.isEmpty }
    guard !usable.isEmpty else { throw .noAminoAcid(role, chain: wanted) }
    return usable
  }

  private static func warnings(
    _ structure: Structure, _ candidates: [Chain], chosen: Chain, _ role: ScoringError.Role
  ) -> [String] {
    var warnings = structure.warnings.map { "\(role.rawValue): \($0)" }
    if structure.models.count > 1 {
      warnings.append(
        "the \(role.rawValue) file has \(structure.models.count) models; the first is used")
    }
    if candidates.count > 1 {
      warnings.append(
        "the \(role.rawValue) has \(candidates.count) protein chains; \(Chain.title(chosen.id)) is used"
      )
    }
    return warnings
  }
}
