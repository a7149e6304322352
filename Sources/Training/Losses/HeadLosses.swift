import FoldingCore
import NumericArrays
import Protein

/// Cross-entropy of the masked cells of the alignment.
///
/// Suppl. 1.9.9.
///
/// - Parameters:
///   - logits: `[N_clust, N_res, 23]`
///   - trueClasses: classes before masking, 0 … 21: the mask, class 22, is not among them. `[N_clust, N_res]`
///   - mask: 1 where a cell was masked (`bert_mask`). `[N_clust, N_res]`
@_specialize(where Real == Float)
@_specialize(where Real == Double)
public func maskedMSALoss<Real: RealNumber>(
  logits: [Real], trueClasses: [Int], mask: [Real], classes: Int = FeatureWidths.msaClasses
) -> LossTerm<Real, [Real]> {
  softmaxCrossEntropy(
    logits: logits, classes: classes, labels: trueClasses, weights: mask,
    denominator: 1e-8 + total(mask))
}

/// Cross-entropy of whether each atom of the residue type was seen in the experiment.
///
/// Suppl. 1.9.10.
///
/// Zero unless the resolution is in the filter's range, like the two confidence losses: only good crystals and maps show what could
/// not be resolved.
///
/// - Parameter logits: atom37 order. `[N_res, 37]`
@_specialize(where Real == Float)
@_specialize(where Real == Double)
public func experimentallyResolvedLoss<Real: RealNumber>(
  logits: [Real], labels: StructureLabels<Real>, filter: ResolutionFilter
) -> LossTerm<Real, [Real]> {
  let exists = labels.aatype.flatMap { Atom37.mask.row($0, of: Atom37.count).map { Real($0) } }
  guard filter.accepts(labels.resolution) else { return .nothing(like: logits) }
  return sigmoidCrossEntropy(
    logits: logits, labels: labels.atom37Mask, weights: exists, denominator: 1e-8 + total(exists))
}

/// Cross-entropy of the binned lDDT-Cα of the prediction itself, which counts as a constant.
///
/// Suppl. 1.9.6.
///
/// - Parameters:
///   - logits: `[N_res, bins]`
///   - predictedCA: predicted Cα positions, Å. `[N_res, 3]`
@_specialize(where Real == Float)
@_specialize(where Real == Double)
public func confidenceLoss<Real: RealNumber>(
  logits: [Real], predictedCA: [Real], labels: StructureLabels<Real>, filter: ResolutionFilter
) -> LossTerm<Real, [Real]> {
  guard filter.accepts(labels.resolution), labels.count > 0 else { return .nothing(like: logits) }
  let bins = logits.count / max(labels.count, 1)
  let alphas = (0..<labels.count).map { $0 * Atom37.count + AtomName.ca.index }
  let mask = alphas.map { labels.atom37Mask[$0] }
  let trueCA = alphas.flatMap { labels.atom37Positions.row($0, of: 3) }
  let scores = trainingLDDT(predicted: predictedCA, truth: trueCA, mask: mask)
  return softmaxCrossEntropy(
    logits: logits, classes: bins,
    labels: scores.map { min(Int(($0 * Real(bins)).rounded(.down)), bins - 1) },
    weights: mask, denominator: 1e-8 + total(mask))
}

/// lDDT-Cα of every residue as the released code scores its own predictions: cutoff 15 Å, thresholds 0.5, 1, 2, 4 Å.
///
/// Differs from the published score in its edge cases only (no stereochemistry; a residue without neighbours scores 1),
/// and the bins of the training target depend on them.
func trainingLDDT<Real: RealNumber>(predicted: [Real], truth: [Real], mask: [Real]) -> [Real] {
  let cutoff: Real = 15
  return mask.indices.map { i in
    var (pairs, preserved): (Real, Real) = (0, 0)
    for j in mask.indices where j != i {
      let weight = mask[i] * mask[j]
      let distance = smoothDistance(Vector3(truth, at: i), Vector3(truth, at: j))
      guard weight != 0, distance < cutoff else { continue }
      let error = abs(
        distance - smoothDistance(Vector3(predicted, at: i), Vector3(predicted, at: j)))
      let score: Real = ([0.5, 1, 2, 4] as [Real]).reduce(0) { $0 + (error < $1 ? 0.25 : 0) }
      pairs += weight
      preserved += weight * score
    }
    return (1e-10 + preserved) / (1e-10 + pairs)
  }
}

/// Cross-entropy of the binned error of residue j in the frame of residue i, which counts as a constant.
///
/// Suppl. 1.9.7.
///
/// - Departure: as in the released code a bin lies above its break, so that the first one, at 0, holds exact zeros only. A
///   residue's error in its own frame goes into the second bin: the compiled released code finds the rounding error of scaling the
///   translation to Å there, which is above 0 for nearly every residue.
/// - Parameters:
///   - logits: `[N_res, N_res, bins]`, frame first.
///   - frames: predicted backbone frames of the last layer, Å. `[N_res]`
///   - breaks: between the bins, at least two.
@_specialize(where Real == Float)
@_specialize(where Real == Double)
public func alignedErrorLoss<Real: RealNumber>(
  logits: [Real], frames: [RigidTransform<Real>], labels: StructureLabels<Real>, breaks: BinEdges,
  filter: ResolutionFilter
) -> LossTerm<Real, [Real]> {
  guard filter.accepts(labels.resolution), labels.count > 0 else { return .nothing(like: logits) }
  let edges = SquaredEdges<Real>(breaks)
  let truth = labels.backboneFrames
  var classes: [Int] = []
  classes.reserveCapacity(labels.count * labels.count)
  for i in frames.indices {
    for j in frames.indices {
      let error =
        frames[i].applyInverse(to: frames[j].translation)
        - truth[i].applyInverse(to: truth[j].translation)
      classes.append(i == j ? 1 : edges.countBelow(error.squaredLength))
    }
  }
  let weights = outerProduct(labels.backboneMask)
  return softmaxCrossEntropy(
    logits: logits, classes: breaks.binCount, labels: classes, weights: weights,
    denominator: 1e-8 + total(weights))
}

/// Range of resolutions from which confidence is learned.
///
/// Suppl. 1.9.6, 1.9.7, 1.9.10: 0.1 … 3.0 Å.
public struct ResolutionFilter: Codable, Hashable, Sendable {
  /// Smallest resolution, Å; structures without one have 0.
  public var minimum = 0.1
  /// Largest resolution, Å.
  public var maximum = 3.0

  /// The released range.
  public init() {}

  /// Whether a structure of that resolution counts.
  public func accepts<Real: RealNumber>(_ resolution: Real) -> Bool {
    resolution >= Real(minimum) && resolution <= Real(maximum)
  }
}

extension LossTerm where Gradient == [Real] {
  /// A term that is skipped: 0, with a gradient of zeros.
  static func nothing(like values: [Real]) -> LossTerm {
    LossTerm(value: 0, gradient: [Real](repeating: 0, count: values.count))
  }
}
