import FoldingCore
import NumericArrays
import Protein

/// The features of one target with draws made on demand: a pure function of seed, pass and ensemble member.
public struct SampledFeatures: Features {
  /// The constant part.
  public let target: TargetFeatures
  /// Draws from the alignment.
  public let sampler: AlignmentSampler
  private let key: RandomKey
  private let resamplesEachPass: Bool

  /// Features of `raw`, which must be valid, for a network.
  ///
  /// Networks that append template torsions to the alignment reserve all `maxTemplates` rows, however many templates there are
  /// (`reduce_msa_clusters_by_max_templates`).
  public init(
    _ raw: RawFeatures, config: FoldingConfig, seed: UInt64, blockDeletion: BlockDeletion? = nil
  ) {
    let sampling = config.sampling
    let embedsTorsions = config.template?.embedsTorsions ?? false
    sampler = AlignmentSampler(
      raw, maxClusters: sampling.maxClusters - (embedsTorsions ? sampling.maxTemplates : 0),
      maxExtraRows: sampling.maxExtraRows, maskedFraction: sampling.maskedFraction,
      blockDeletion: blockDeletion)
    target = TargetFeatures(
      raw, kind: config.channels.target,
      maxTemplates: config.template == nil ? nil : sampling.maxTemplates,
      shares: sampler.masking.profile)
    key = RandomKey(seed: seed)
    resamplesEachPass = sampling.resamplesEachPass
  }

  /// The choices behind `draw`.
  public func choices(pass: Int, ensemble: Int) -> AlignmentChoices {
    sampler.choices(key: key.child(resamplesEachPass ? pass : 0).child(ensemble))
  }

  /// The draw for a pass (0 = first) and a member of the ensemble.
  public func draw(pass: Int, ensemble: Int) -> AlignmentDraw {
    sampler.draw(choices(pass: pass, ensemble: ensemble))
  }
}

extension TargetFeatures {
  /// The constant features of `raw`, which must be valid; no templates at all if `maxTemplates` is nil.
  ///
  /// - Parameter shares: classes in the columns of the alignment, as `columnShares` counts them; counted here if nil.
  public init(
    _ raw: RawFeatures, kind: TargetFeatureKind, maxTemplates: Int?, shares: [Float]? = nil
  ) {
    let (count, width) = (raw.residueCount, kind.width)
    var targetFeature = NDArray<Float>(repeating: 0, shape: [count, width])
    for residue in 0..<count {
      if raw.hasBreak[residue] { targetFeature.values[residue * width] = 1 }
      targetFeature.values[residue * width + 1 + Int(raw.aatype[residue])] = 1
    }
    if kind == .profile {
      let shares = shares ?? columnShares(of: raw.msa)
      let classes = FeatureWidths.profile - 1
      for residue in 0..<count {
        let start = residue * width + FeatureWidths.residues
        for index in 0..<classes {
          targetFeature.values[start + index] = shares[residue * classes + index]
        }
        targetFeature.values[start + classes] = MSAFeature.deletionValue(
          raw.meanDeletions(residue))
      }
    }
    self.init(
      aatype: raw.aatype.map(Int.init), residueIndex: raw.residueIndex.map(Int.init),
      residueMask: [Float](repeating: 1, count: count), targetFeature: targetFeature,
      templates: maxTemplates.map { TemplateFeatures(raw.templates, first: $0) })
  }
}

extension TemplateFeatures {
  /// The first templates, at most `limit`, with their pseudo-betas: CB, or CA for glycine.
  init(_ raw: TemplateStructures, first limit: Int) {
    let count = max(0, min(limit, raw.count))
    let residues = raw.aatype.shape[1]
    let cells = count * residues
    let atoms = AtomName.count
    let positions = Array(raw.positions.values.prefix(cells * atoms * 3))
    let mask = Array(raw.mask.values.prefix(cells * atoms))
    var beta = [Float](repeating: 0, count: cells * 3)
    var betaMask = [Float](repeating: 0, count: cells)
    for cell in 0..<cells {
      let atom = cell * atoms + AtomName.pseudoBeta(of: Int(raw.aatype.values[cell])).index
      betaMask[cell] = mask[atom]
      for axis in 0..<3 { beta[cell * 3 + axis] = positions[atom * 3 + axis] }
    }
    self.init(
      aatype: NDArray(
        shape: [count, residues], values: raw.aatype.values.prefix(cells).map(Int32.init)),
      positions: NDArray(shape: [count, residues, atoms, 3], values: positions),
      mask: NDArray(shape: [count, residues, atoms], values: mask),
      pseudoBeta: NDArray(shape: [count, residues, 3], values: beta),
      pseudoBetaMask: NDArray(shape: [count, residues], values: betaMask),
      templateMask: [Float](repeating: 1, count: count))
  }
}
