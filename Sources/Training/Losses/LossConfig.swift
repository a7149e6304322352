/// Weights and constants of the training loss.
///
/// Suppl. 1.9, equation 7, and the released configuration.
public struct LossConfig: Codable, Hashable, Sendable {
  /// Weight of each head.
  ///
  /// Suppl. equation 7.
  public var weights = LossWeights()
  /// Weights inside the structure module's loss.
  public var structure = StructureLossConfig()
  /// Resolutions from which confidence and resolved atoms are learned.
  public var resolutionFilter = ResolutionFilter()
  /// Replaces the plain cross-entropy of the distogram; nil for the plain one.
  ///
  /// Own extension, off by default.
  public var distogramAttention: AttentionLossConfig?
  /// Adds a loss on contacts derived from the distogram; nil for none.
  ///
  /// Own extension, off by default.
  public var contacts: ContactLossConfig?
  /// Multiplies the loss of an example by √N_res.
  ///
  /// Suppl. 1.9.1 does, HelixFold's configurations do not.
  public var scalesWithLength = false

  /// The released fine-tuning values.
  public init() {}

  /// First stage of training: no violation loss, no resolved-atom head.
  ///
  /// Suppl. Table 4, HelixFold `initial.json`.
  public static let initial: LossConfig = {
    var config = LossConfig()
    config.weights.experimentallyResolved = 0
    config.structure.violation = 0
    return config
  }()

  /// Second stage: violations 1.0, resolved atoms 0.01.
  ///
  /// Suppl. Table 4, HelixFold `finetune.json`.
  public static let fineTune = LossConfig()
}

/// Weight of each head in the total.
///
/// Suppl. equation 7; `config.py` of the released code.
public struct LossWeights: Codable, Hashable, Sendable {
  /// Structure module (`structure_module.weight`).
  public var structure = 1.0
  /// Distogram (`distogram.weight`).
  public var distogram = 0.3
  /// Masked alignment cells (`masked_msa.weight`).
  public var maskedMSA = 2.0
  /// Experimentally resolved atoms (`experimentally_resolved.weight`).
  public var experimentallyResolved = 0.01
  /// Predicted lDDT (`predicted_lddt.weight`).
  public var confidence = 0.01
  /// Predicted aligned error (`predicted_aligned_error.weight` of the `_ptm` models).
  public var alignedError = 0.1

  /// The released values.
  public init() {}
}

/// Weights inside the loss of the structure module.
///
/// `config.py` of the released code, `structure_module`.
public struct StructureLossConfig: Codable, Hashable, Sendable {
  /// Share of the side-chain error; the rest is the backbone's (`sidechain.weight_frac`).
  public var sideChainShare = 0.5
  /// Torsions (`chi_weight`).
  public var chi = 0.5
  /// Torsions of the backbone, which the released code leaves out; off by default.
  public var backboneTorsions = 0.0
  /// Length of the torsion vectors (`angle_norm_weight`).
  public var angleNorm = 0.01
  /// Violations (`structural_violation_loss_weight`): 1 in fine-tuning, 0 before.
  public var violation = 1.0
  /// Smooth lDDT of the backbone; own extension, off by default.
  public var smoothLDDT = 0.0
  /// Clamp and unit of the backbone error (`fape`).
  public var backbone = PointErrorScale()
  /// Clamp and unit of the side-chain error (`sidechain.atom_clamp_distance`, `length_scale`).
  public var sideChain = PointErrorScale()
  /// Tolerances of the violations.
  public var tolerances = ViolationTolerances()

  /// The released values.
  public init() {}
}
