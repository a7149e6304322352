import NumericArrays

/// Weighted mean of softmax cross-entropies over rows: `Σ w_r (log Σ_k exp x_rk − x_r,label) / denominator`.
///
/// The row maximum is subtracted before exponentiation, so nothing overflows. Rows of weight 0 are not read: their
/// part of the loss and of the gradient is exactly 0. Sums run in `Double`, in row order.
///
/// - Parameters:
///   - logits: `[rows, classes]`
///   - labels: the true class of each row. `[rows]`
///   - weights: `[rows]`
///   - denominator: what the weighted sum is divided by.
/// - Returns: the mean and its gradient with respect to the logits. `[rows, classes]`
func softmaxCrossEntropy<Real: RealNumber>(
  logits: [Real], classes: Int, labels: [Int], weights: [Real], denominator: Real
) -> LossTerm<Real, [Real]> {
  programmingError(
    unless: logits.count == labels.count * classes && weights.count == labels.count,
    "softmaxCrossEntropy: \(logits.count) logits for \(labels.count) rows of \(classes) classes")
  var gradient = [Real](repeating: 0, count: logits.count)
  var sum = 0.0
  gradient.withUnsafeMutableBufferPointer { gradient in
    logits.withUnsafeBufferPointer { logits in
      for row in labels.indices where weights[row] != 0 {
        let range = row * classes..<(row + 1) * classes
        let label = range.lowerBound + labels[row]
        var top = logits[range.lowerBound]
        for k in range { top = max(top, logits[k]) }
        var total: Real = 0
        for k in range {
          gradient[k] = Real.exponential(logits[k] - top)
          total += gradient[k]
        }
        let scale = weights[row] / denominator
        for k in range { gradient[k] *= scale / total }
        gradient[label] -= scale
        sum += Double(weights[row]) * (Double(Real.logarithm(total)) - Double(logits[label] - top))
      }
    }
  }
  return LossTerm(value: Real(sum / Double(denominator)), gradient: gradient)
}

/// Weighted mean of sigmoid cross-entropies: `Σ w (softplus(x) − y x) / denominator`.
///
/// Elements of weight 0 contribute exactly 0.
func sigmoidCrossEntropy<Real: RealNumber>(
  logits: [Real], labels: [Real], weights: [Real], denominator: Real
) -> LossTerm<Real, [Real]> {
  programmingError(
    unless: logits.count == labels.count && weights.count == labels.count,
    "sigmoidCrossEntropy: \(logits.count) logits, \(labels.count) labels")
  var gradient = [Real](repeating: 0, count: logits.count)
  var sum = 0.0
  for k in logits.indices where weights[k] != 0 {
    let (x, y) = (logits[k], labels[k])
    let loss = y * Real.softplus(-x) + (1 - y) * Real.softplus(x)
    sum += Double(weights[k] * loss)
    gradient[k] = weights[k] / denominator * (Real.sigmoid(x) - y)
  }
  return LossTerm(value: Real(sum / Double(denominator)), gradient: gradient)
}

/// Sum in `Double`, in order.
func total<Real: RealNumber>(_ values: [Real]) -> Real {
  Real(values.reduce(0.0) { $0 + Double($1) })
}

extension Array {
  /// Row `index` of a table with rows of `size` elements.
  func row(_ index: Int, of size: Int) -> ArraySlice<Element> {
    self[index * size..<(index + 1) * size]
  }
}
