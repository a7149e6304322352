import FoldingCore
import NumericArrays

/// Cross-entropy of the binned distances between pseudo-betas.
///
/// Suppl. 1.9.8.
///
/// - Parameters:
///   - logits: `[N_res, N_res, bins]`
///   - breaks: between the distance bins.
@_specialize(where Real == Float)
@_specialize(where Real == Double)
public func distogramLoss<Real: RealNumber>(
  logits: [Real], labels: StructureLabels<Real>, breaks: BinEdges
) -> LossTerm<Real, [Real]> {
  let weights = outerProduct(labels.pseudoBetaMask)
  return softmaxCrossEntropy(
    logits: logits, classes: breaks.binCount, labels: distanceClasses(labels, breaks: breaks),
    weights: weights, denominator: 1e-6 + total(weights))
}

/// Bin of the true distance of every pair of pseudo-betas. `[N_res, N_res]`
func distanceClasses<Real: RealNumber>(
  _ labels: StructureLabels<Real>, breaks: BinEdges
) -> [Int] {
  let edges = SquaredEdges<Real>(breaks)
  let points = (0..<labels.count).map { Vector3(labels.pseudoBeta, at: $0) }
  return points.flatMap { a in
    points.map { b in edges.countBelow((a - b).squaredLength) }
  }
}

/// `m_i m_j`. `[N, N]`
func outerProduct<Real: RealNumber>(_ mask: [Real]) -> [Real] {
  mask.flatMap { a in mask.map { a * $0 } }
}
