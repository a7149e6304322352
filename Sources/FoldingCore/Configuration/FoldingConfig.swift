/// Everything that defines a network: sizes, depths, heads and the order of the block.
///
/// Jumper et al. 2021, Suppl. 1.5–1.9 and Table 5; values of the released `model_1` … `model_5`.
public struct FoldingConfig: Codable, Hashable, Sendable {
  /// Name of the preset, or of the custom file.
  public var name = "model_1"
  /// Rows drawn from the alignment for each pass.
  public var sampling = SamplingConfig()
  /// Widths shared by the whole trunk.
  public var channels = ChannelConfig()
  /// The main stack.
  public var evoformer = EvoformerConfig(blocks: 48, msaHeads: 8, msaHeadChannels: 32)
  /// The extra-MSA stack: global column attention, narrower MSA.
  public var extraMSA = EvoformerConfig(blocks: 4, msaHeads: 8, msaHeadChannels: 8)
  /// Template embedding; nil in models without templates.
  public var template: TemplateConfig? = TemplateConfig()
  /// Structure module: invariant point attention and torsion angles.
  public var structure = StructureConfig()
  /// Heads on top of the trunk.
  public var heads = HeadConfig()
  /// Where the outer product mean stands; weights trained with one order do not fit another.
  public var blockOrder = BlockOrder.serial
  /// Passes after the first one (`num_recycle`).
  public var recycles = 3
  /// Alignment draws averaged per pass (8 in `monomer_casp14`).
  public var ensembles = 1

  /// `model_1` without changes.
  public init() {}

  /// Whether any layer has dropout, in training or on demand.
  public var hasDropout: Bool {
    let rates = [
      evoformer.msaDropout, evoformer.pairDropout, extraMSA.msaDropout, extraMSA.pairDropout,
      template?.dropout ?? 0, structure.dropout,
    ]
    return rates.contains { $0 > 0 }
  }
}

/// Place of the outer product mean in an Evoformer block.
public enum BlockOrder: String, ConfigurationChoice {
  /// Between the MSA track and the pair track: AlphaFold2, Algorithm 6.
  case serial
  /// Before both tracks: AlphaFold-Multimer.
  case outerProductFirst = "first"
  /// After both tracks: Parallel Evoformer, arXiv:2211.00235.
  case parallel
}

/// How many rows are drawn from the alignment.
///
/// Suppl. 1.2.
public struct SamplingConfig: Codable, Hashable, Sendable {
  /// Cluster rows, template rows included where `template` is set (`max_msa_clusters`).
  public var maxClusters = 512
  /// Extra rows (`max_extra_msa`).
  public var maxExtraRows = 5120
  /// Templates used.
  public var maxTemplates = 4
  /// Share of cells hidden by the BERT-style mask (`masked_msa_replace_fraction`).
  public var maskedFraction: Float = 0.15
  /// Draw the alignment anew in every pass.
  public var resamplesEachPass = true

  /// The released values.
  public init() {}
}

/// Widths of the representations.
///
/// Suppl. Table 5 and the released configuration.
public struct ChannelConfig: Codable, Hashable, Sendable {
  /// MSA, `c_m`.
  public var msa = 256
  /// Pair, `c_z`.
  public var pair = 128
  /// Single, `c_s`.
  public var single = 384
  /// Extra MSA, `c_e`.
  public var extraMSA = 64
  /// What `target_feat` holds.
  public var target = TargetFeatureKind.residues
  /// Relative positions are clipped to ± this many residues.
  public var maxRelativePosition = 32
  /// Distance bins of the recycled positions, from `recycleMinDistance` to `recycleMaxDistance` Å.
  public var recycleBins = 15
  /// First recycled distance bin edge, Å.
  public var recycleMinDistance: Float = 3.25
  /// Last recycled distance bin edge, Å.
  public var recycleMaxDistance: Float = 20.75

  /// The released values.
  public init() {}
}

/// What `target_feat` tells the network about each residue.
public enum TargetFeatureKind: String, ConfigurationChoice {
  /// Chain break and residue type, as published: `target_feat`, Suppl. Table 1.
  case residues
  /// The same, then the share of each class in the column of the whole alignment and its mean deletions.
  ///
  /// AlphaFold 3 adds `profile` and `deletion_mean` in the same place (Suppl. Table 5): a network that draws few rows still has a
  /// summary of all of them.
  case profile

  /// Number of channels.
  public var width: Int {
    switch self {
    case .residues: FeatureWidths.residues
    case .profile: FeatureWidths.residues + FeatureWidths.profile
    }
  }
}

/// Sizes of one stack of Evoformer blocks.
///
/// Suppl. 1.6.
public struct EvoformerConfig: Codable, Hashable, Sendable {
  /// Number of blocks.
  public var blocks: Int
  /// Heads of row and column attention.
  public var msaHeads: Int
  /// Channels per head of row and column attention.
  public var msaHeadChannels: Int
  /// Heads of triangle attention.
  public var pairHeads = 4
  /// Channels per head of triangle attention.
  public var pairHeadChannels = 32
  /// Hidden channels of triangle multiplication.
  public var triangleChannels = 128
  /// Channels of the outer product.
  public var outerProductChannels = 32
  /// What the outer product takes the mean of.
  public var outerProduct = OuterProductKind.mean
  /// Hidden channels of both transitions, as a multiple of their input's.
  public var transitionFactor = 4
  /// Dropout rate of row attention, shared over rows.
  public var msaDropout: Float = 0.15
  /// Dropout rate of the triangle updates.
  public var pairDropout: Float = 0.25

  /// Sizes with the released pair-track values.
  public init(blocks: Int, msaHeads: Int, msaHeadChannels: Int) {
    self.blocks = blocks
    self.msaHeads = msaHeads
    self.msaHeadChannels = msaHeadChannels
  }
}

/// What the outer product of the MSA with itself takes the mean of.
public enum OuterProductKind: String, ConfigurationChoice {
  /// The projections themselves, as published: Algorithm 10.
  case mean
  /// Their deviations from the mean of the column, so that the result is their covariance.
  ///
  /// Own departure: an alignment reveals contacts by coevolution, columns that change together; a small network that has seen few
  /// samples need not first learn to subtract what the conservation of each column alone explains.
  case covariance
}

/// Template embedding.
///
/// Suppl. 1.7.1.
public struct TemplateConfig: Codable, Hashable, Sendable {
  /// Blocks of the template pair stack.
  public var blocks = 2
  /// Channels of the template pair representation, `c_t`.
  public var channels = 64
  /// Heads of triangle attention.
  public var pairHeads = 4
  /// Channels per head of triangle attention.
  public var pairHeadChannels = 16
  /// Hidden channels of triangle multiplication.
  public var triangleChannels = 64
  /// Hidden channels of the transition, as a multiple of its input's.
  public var transitionFactor = 2
  /// Heads of the pointwise attention.
  public var pointwiseHeads = 4
  /// Channels per head of the pointwise attention.
  public var pointwiseHeadChannels = 16
  /// Distance bins of the template distogram.
  public var distanceBins = 39
  /// First distance bin edge, Å.
  public var minDistance: Float = 3.25
  /// Last distance bin edge, Å.
  public var maxDistance: Float = 50.75
  /// Torsion angles are appended to the MSA as rows.
  public var embedsTorsions = true
  /// Dropout rate of the pair stack.
  public var dropout: Float = 0.25

  /// The released values.
  public init() {}
}

/// Structure module.
///
/// Suppl. 1.8.
public struct StructureConfig: Codable, Hashable, Sendable {
  /// Iterations, which share their weights.
  public var layers = 8
  /// Heads of invariant point attention.
  public var heads = 12
  /// Scalar query and key channels per head.
  public var scalarQueryKey = 16
  /// Scalar value channels per head.
  public var scalarValue = 16
  /// Query and key points per head.
  public var pointQueryKey = 4
  /// Value points per head.
  public var pointValue = 8
  /// Layers of the transition.
  public var transitionLayers = 3
  /// Channels of the torsion network.
  public var sidechainChannels = 128
  /// Residual blocks of the torsion network.
  public var sidechainBlocks = 2
  /// Dropout rate.
  public var dropout: Float = 0.1
  /// Frames of the first iteration.
  public var start = FrameStart.origin

  /// The released values.
  public init() {}
}

/// Frames that the structure module starts from.
public enum FrameStart: String, ConfigurationChoice {
  /// All at the origin, as published: Algorithm 20, line 4.
  case origin
  /// An ideal α-helix.
  ///
  /// Own departure: residues that are neighbours in the chain are neighbours in space from the start, so that a small network need
  /// not first learn the order of the chain. Frames are still moved by invariant updates only, so the result does not depend on where
  /// the helix stands.
  case helix
  /// A chain of ideal residues with the backbone torsions that the torsion network predicts from the initial representation.
  ///
  /// Own departure: the secondary structure that the trunk has inferred is present before the first iteration. No gradient flows
  /// through these frames; the torsions learn from the torsion loss, like those of an iteration.
  case torsions
}

/// Heads.
///
/// Suppl. 1.9.
public struct HeadConfig: Codable, Hashable, Sendable {
  /// Distogram bins.
  public var distogramBins = 64
  /// First distogram break, Å.
  public var distogramFirstBreak: Float = 2.3125
  /// Last distogram break, Å.
  public var distogramLastBreak: Float = 21.6875
  /// Classes of the masked-MSA head: 20 residues, X, gap, mask.
  public var maskedMSAClasses = FeatureWidths.msaClasses
  /// pLDDT bins.
  public var confidenceBins = 50
  /// Channels of the pLDDT head.
  public var confidenceChannels = 128
  /// Predicted aligned error; nil in models without it.
  public var alignedError: AlignedErrorConfig?

  /// The released values, without predicted aligned error.
  public init() {}
}

/// Predicted aligned error head.
///
/// Suppl. 1.9.7.
public struct AlignedErrorConfig: Codable, Hashable, Sendable {
  /// Error bins.
  public var bins = 64
  /// Last break, Å.
  public var maxError: Float = 31

  /// The released values.
  public init() {}
}
