import FeaturePipeline
import FoldingCore
import NumericArrays
import Training

/// Everything that one forward and backward pass reads.
public struct TrainingSample: Sendable {
  /// The chain.
  public var id: String
  /// Features with one alignment draw per pass, made beforehand.
  public var features: PreparedFeatures
  /// Passes after the first; gradients flow only through the last one.
  public var recycles: Int
  /// The true structure.
  public var labels: StructureLabels<Float>
  /// Masked cells of the alignment of the last pass.
  public var alignment: AlignmentLabels<Float>
  /// Share of the clamped backbone error; nil for the configured one.
  public var clampedShare: Double?
  /// Seed of the dropout masks; nil without dropout.
  public var dropoutSeed: UInt64?

  /// Prepares a crop of a chain.
  ///
  /// - Departure: the alignment is drawn, masked and clustered within the crop; the released code crops afterwards.
  public init(
    _ record: TargetRecord, draw: SamplingPlan.Draw, network: FoldingConfig, isTraining: Bool,
    blockDeletion: BlockDeletion?
  ) throws(InputError) {
    let whole = record.features
    guard let labels = record.labels, draw.count > 0, draw.start + draw.count <= whole.residueCount
    else {
      throw .content(file: whole.id, problem: "has no structure to learn from")
    }
    let range = draw.start..<draw.start + draw.count
    var raw = whole.cropped(to: range)
    if let seed = draw.templateSeed {
      raw.templates = raw.templates.drawn(
        limit: network.sampling.maxTemplates, key: RandomKey(seed: seed))
    }
    let truth = labels.cropped(to: range)
    guard truth.positions.values.allSatisfy(\.isFinite) else {
      throw .content(file: whole.id, problem: "holds coordinates that are not finite")
    }
    let sampled = SampledFeatures(
      raw, config: network, seed: draw.alignmentSeed, blockDeletion: blockDeletion)
    id = whole.id
    features = PreparedFeatures(sampled, passes: draw.recycles + 1)
    recycles = draw.recycles
    self.labels = StructureLabels(
      aatype: sampled.target.aatype, residueIndex: sampled.target.residueIndex,
      positions: truth.positions.values, mask: truth.mask.values,
      resolution: truth.resolution ?? 0)
    alignment = AlignmentLabels(features.draws[draw.recycles])
    clampedShare = draw.isClamped ? nil : 0
    dropoutSeed = isTraining ? draw.dropoutSeed : nil
  }

  /// Number of residues.
  public var residueCount: Int { labels.count }
}

/// Features with draws made beforehand, for instance on another thread.
public struct PreparedFeatures: Features {
  /// The constant part.
  public let target: TargetFeatures
  /// One draw per pass.
  public let draws: [AlignmentDraw]

  /// Makes the draws of the first passes.
  init(_ features: SampledFeatures, passes: Int) {
    target = features.target
    draws = (0..<passes).map { features.draw(pass: $0, ensemble: 0) }
  }

  /// The draw of a pass; the last one for passes beyond.
  public func draw(pass: Int, ensemble: Int) -> AlignmentDraw {
    draws[min(max(pass, 0), draws.count - 1)]
  }
}
