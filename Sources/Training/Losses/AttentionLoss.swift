import NumericArrays

/// Constants of the Attention Loss.
///
/// Wang et al. 2018 (DOOBNet, arXiv:1806.03772), section 3.2, for imbalanced classes: the factor `β^((1−p)^γ)` raises the weight of
/// badly predicted elements without silencing the rest. Probabilities trained with it are not calibrated: fit a temperature before
/// quoting them.
public struct AttentionLossConfig: Codable, Hashable, Sendable {
  /// Base of the focusing factor; 1 leaves the (balanced) cross-entropy.
  public var beta = 4.0
  /// Exponent inside the focusing factor.
  public var gamma = 0.5
  /// Weight of positives; nil balances the classes of each batch, ½ where one is absent.
  public var alpha: Double?
  /// Smallest and largest balanced weight of positives; 0 … 1 for no limit.
  public var alphaRange = 0.0...1.0

  /// The published values.
  public init() {}
}

/// Attention Loss of binary labels: `−α β^((1−p)^γ) log p` for positives, `−(1−α) β^(p^γ) log(1−p)` for negatives.
///
/// The gradient is that of the formula; the authors' released backward pass differs for positives, where an operator
/// precedence drops most of the bracket. With `z = ±x`, `p = σ(z)`, `q = σ(−z)` and weight a, it is
/// `∓a β^(q^γ) (q + p·(−log p)·ln β·γ·q^γ)`, in which nothing overflows or divides by q.
///
/// - Parameters:
///   - logits: any shape, flat.
///   - labels: true for positives.
///   - weights: 0 leaves an element out of the class balance, the loss and the gradient.
///   - denominator: what the weighted sum is divided by.
@_specialize(where Real == Float)
@_specialize(where Real == Double)
public func attentionLoss<Real: RealNumber>(
  logits: [Real], labels: [Bool], weights: [Real], denominator: Real, config: AttentionLossConfig
) -> LossTerm<Real, [Real]> {
  let alpha = balancedAlpha(labels: labels, weights: weights, config: config)
  let factor = FocusingFactor<Real>(config)
  var gradient = [Real](repeating: 0, count: logits.count)
  var sum = 0.0
  for k in logits.indices where weights[k] != 0 {
    let sign: Real = labels[k] ? 1 : -1
    let weight = weights[k] * (labels[k] ? alpha : 1 - alpha)
    let z = sign * logits[k]
    let (loss, slope) = factor.lossAndSlope(
      p: Real.sigmoid(z), q: Real.sigmoid(-z), surprise: Real.softplus(-z))
    sum += Double(weight * loss)
    gradient[k] = sign * weight * slope / denominator
  }
  return LossTerm(value: Real(sum / Double(denominator)), gradient: gradient)
}

/// Attention Loss over more than two classes: `β^((1−p_t)^γ) (−log p_t)` with p_t the probability of the true class.
///
/// Own extension of the binary form, without class balance. With `h(p) = β^((1−p)^γ) (−log p)` the gradient is
/// `∂/∂x_k = p·h′(p)·(δ_kt − p_k)`.
func attentionCrossEntropy<Real: RealNumber>(
  logits: [Real], classes: Int, labels: [Int], weights: [Real], denominator: Real,
  config: AttentionLossConfig
) -> LossTerm<Real, [Real]> {
  let factor = FocusingFactor<Real>(config)
  var gradient = [Real](repeating: 0, count: logits.count)
  var sum = 0.0
  for row in labels.indices where weights[row] != 0 {
    let range = row * classes..<(row + 1) * classes
    let label = range.lowerBound + labels[row]
    let top = range.reduce(logits[range.lowerBound]) { max($0, logits[$1]) }
    var (trueTerm, others): (Real, Real) = (0, 0)
    for k in range {
      gradient[k] = Real.exponential(logits[k] - top)
      if k == label { trueTerm = gradient[k] } else { others += gradient[k] }
    }
    let all = trueTerm + others
    let surprise = Real.logarithm(all) - (logits[label] - top)
    let q = others / all
    let (loss, slope) = factor.lossAndSlope(p: trueTerm / all, q: q, surprise: surprise)
    sum += Double(weights[row] * loss)
    // slope = p h′(p) q; the softmax spreads −slope over the other classes by their share of q.
    let scale = weights[row] / denominator * slope
    for k in range {
      gradient[k] = k == label ? scale : (others > 0 ? -scale * gradient[k] / others : 0)
    }
  }
  return LossTerm(value: Real(sum / Double(denominator)), gradient: gradient)
}

/// `β^(q^γ)` and what follows from it.
struct FocusingFactor<Real: RealNumber> {
  let gamma: Real
  let logBeta: Real

  init(_ config: AttentionLossConfig) {
    gamma = Real(config.gamma)
    logBeta = Real.logarithm(Real(config.beta))
  }

  /// `β^(q^γ) s` and its derivative with respect to the logit of p, where `s = −log p` and `q = 1 − p`.
  func lossAndSlope(p: Real, q: Real, surprise: Real) -> (loss: Real, slope: Real) {
    let power = q > 0 ? Real.power(q, gamma) : 0
    let factor = Real.exponential(power * logBeta)
    return (
      factor * surprise, -factor * (q + p * surprise * logBeta * gamma * power)
    )
  }
}

/// Share of negatives among the elements of non-zero weight: the weight of positives.
private func balancedAlpha<Real: RealNumber>(
  labels: [Bool], weights: [Real], config: AttentionLossConfig
) -> Real {
  if let alpha = config.alpha { return Real(alpha) }
  var (positives, negatives) = (0.0, 0.0)
  for k in labels.indices {
    if labels[k] { positives += Double(weights[k]) } else { negatives += Double(weights[k]) }
  }
  guard positives > 0, negatives > 0 else { return 0.5 }
  let share = negatives / (positives + negatives)
  return Real(min(max(share, config.alphaRange.lowerBound), config.alphaRange.upperBound))
}
