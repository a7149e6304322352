import FoldingCore
import NumericArrays

/// Loss on contacts that the distogram implies.
///
/// Own extension, off by default.
public struct ContactLossConfig: Codable, Hashable, Sendable {
  /// Weight in the total.
  public var weight = 0.1
  /// Pseudo-betas closer than this are in contact, Å; rounded down to a break of the distogram.
  public var distance = 8.0
  /// Pairs closer along the chain are ignored.
  public var minSeparation = 6
  /// The loss; β = 1, α = ½ is half the cross-entropy.
  public var loss = AttentionLossConfig()

  /// Contacts at 8 Å, six or more residues apart.
  public init() {}
}

/// Attention Loss of the contact probability, the sum of the distogram's bins below the contact distance.
///
/// The logit of the sum is `log Σ_near e^x − log Σ_far e^x`, whose derivative is the softmax inside either group.
///
/// - Parameter logits: `[N_res, N_res, bins]`
@_specialize(where Real == Float)
@_specialize(where Real == Double)
public func contactLoss<Real: RealNumber>(
  logits: [Real], labels: StructureLabels<Real>, breaks: BinEdges, config: ContactLossConfig
) -> LossTerm<Real, [Real]> {
  let bins = breaks.binCount
  let near = breaks.countWithin(config.distance)
  guard near > 0, near < bins else { return .nothing(like: logits) }
  var weights = outerProduct(labels.pseudoBetaMask)
  for (i, a) in labels.residueIndex.enumerated() {
    for (j, b) in labels.residueIndex.enumerated() where abs(a - b) < config.minSeparation {
      weights[i * labels.count + j] = 0
    }
  }
  var gradient = [Real](repeating: 0, count: logits.count)
  var contactLogits = [Real](repeating: 0, count: weights.count)
  for pair in weights.indices where weights[pair] != 0 {
    let start = pair * bins
    let split = start + near
    contactLogits[pair] =
      logSumExp(logits, in: start..<split, softmax: &gradient)
      - logSumExp(logits, in: split..<start + bins, softmax: &gradient)
  }
  let term = attentionLoss(
    logits: contactLogits,
    labels: distanceClasses(labels, breaks: breaks).map { $0 < near }, weights: weights,
    denominator: 1e-6 + total(weights), config: config.loss)
  for pair in weights.indices where weights[pair] != 0 {
    for k in 0..<bins {
      gradient[pair * bins + k] *= k < near ? term.gradient[pair] : -term.gradient[pair]
    }
  }
  return LossTerm(value: term.value, gradient: gradient)
}

/// `log Σ e^x` over a range; leaves the softmax of the range in `softmax`.
private func logSumExp<Real: RealNumber>(
  _ x: [Real], in range: Range<Int>, softmax: inout [Real]
) -> Real {
  let top = range.reduce(x[range.lowerBound]) { max($0, x[$1]) }
  var sum: Real = 0
  for k in range {
    softmax[k] = Real.exponential(x[k] - top)
    sum += softmax[k]
  }
  for k in range { softmax[k] /= sum }
  return top + Real.logarithm(sum)
}
