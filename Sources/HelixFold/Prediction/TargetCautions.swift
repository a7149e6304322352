import FeaturePipeline
import Protein
import Scoring

/// Cautions about the networks, and about the features of a target before the networks run on them.
struct TargetCautions {
  let options: PredictionOptions
  let models: [ModelDescription]

  /// One line for each option that has no effect on a network.
  func aboutModels() -> [String] {
    guard options.usesDropout else { return [] }
    return models.filter { !$0.config.hasDropout }.map {
      "network '\($0.name)' has no dropout: every rate in its configuration is 0"
    }
  }

  /// One line for each caution.
  func about(_ target: PredictionTarget, _ raw: RawFeatures) -> [String] {
    var lines = [nucleotides(in: raw), unknownResidues(in: raw)].compactMap { $0 }
    let alone = TargetPreparation.singleSequenceWarning
    if (target.gathered?.complete?.counts ?? raw.counts).rows == 1,
      !target.warnings.contains(where: { $0.hasPrefix(alone) })
    {
      lines.append(alone)
    }
    if raw.templates.count > 0, models.allSatisfy({ $0.config.template == nil }) {
      let names = models.map { "'\($0.name)'" }.joined(separator: ", ")
      lines.append("templates are left out: no network of \(names) has a place for them")
    }
    if let reference = options.reference, let problem = raw.misfit(of: reference) {
      lines.append("the reference cannot be laid over this target: \(problem)")
    }
    return lines
  }

  private func nucleotides(in raw: RawFeatures) -> String? {
    guard raw.residueCount >= 20, Set(raw.sequence).isSubset(of: "ACGTUN") else { return nil }
    return
      "the sequence has no letters but A, C, G, T, U and N, as nucleotides have; they are taken for amino acids"
  }

  private func unknownResidues(in raw: RawFeatures) -> String? {
    let places = raw.aatype.indices.filter { raw.aatype[$0] == AminoAcid.unknown.rawValue }
    if places.isEmpty { return nil }
    let shown = places.prefix(10).map { "\($0 + 1)" }.joined(separator: ", ")
    let more = places.count > 10 ? " and \(places.count - 10) more" : ""
    return "unknown residues (X) get no atoms: position \(shown)\(more)"
  }
}

extension RawFeatures {
  /// Why no chain of a structure matches this protein; nil if one does.
  func misfit(of structure: Structure) -> ScoringError? {
    // Only types and numbers are compared; the chain is stretched out.
    let residues = residueNumbers.enumerated().compactMap { place, number -> Residue? in
      let type = AminoAcid(rawValue: aatype[place]) ?? .unknown
      if type == .unknown { return nil }
      let alpha = Atom(name: "CA", element: "C", position: SIMD3(3.8 * Double(place), 0, 0))
      return Residue(name: type.code, number: number, atoms: [alpha])
    }
    let model = Chain(id: "A", residues: residues)
    var problem: ScoringError?
    for chain in structure.models.first?.chains ?? [] where !chain.aminoAcidResidues.isEmpty {
      do throws(ScoringError) {
        _ = try ResidueMatching(model: model, reference: chain)
        return nil
      } catch {
        problem = problem ?? error
      }
    }
    return problem ?? .noAminoAcid(.reference, chain: nil)
  }
}
