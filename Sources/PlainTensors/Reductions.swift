import NumericArrays

extension PlainTensor {
  /// Sum over some axes, which keep an extent of 1 if `keeping`; negative axes count from the last.
  public func sum(_ axes: [Int], keeping: Bool = false) -> PlainTensor {
    let axes = Set(axes.map { $0 < 0 ? $0 + rank : $0 })
    let kept = shape.enumerated().map { axes.contains($0.offset) ? 1 : $0.element }
    let steps = zip(shape.indices, strides(kept)).map { axes.contains($0) ? 0 : $1 }
    let sums = scattered(kept, to: places(shape, steps: steps))
    if keeping { return sums }
    return sums.reshaped(shape.indices.filter { !axes.contains($0) }.map { shape[$0] })
  }

  /// Sum of all elements, a scalar.
  public func sum() -> PlainTensor { sum(Array(0..<rank)) }

  /// Mean over some axes; NaN over an empty axis.
  public func mean(_ axes: [Int], keeping: Bool = false) -> PlainTensor {
    let count = axes.reduce(1) { $0 * shape[$1 < 0 ? $1 + rank : $1] }
    return sum(axes, keeping: keeping) / Real(count)
  }
}

/// Softmax over the last axis: `y_j = exp(x_j − max x) / Σ_k exp(x_k − max x)`; a row of −∞ becomes zeros.
public func softmax<Real>(_ x: PlainTensor<Real>) -> PlainTensor<Real> {
  let columns = x.shape.last ?? 1
  let y = softmaxRows(x.values, columns)
  return PlainTensor(shape: x.shape, values: y, from: [x]) { [softmaxPullback($0, y, columns)] }
}

@_specialize(where Real == Float)
@_specialize(where Real == Double)
private func softmaxRows<Real: RealNumber>(_ x: [Real], _ columns: Int) -> [Real] {
  var y = x
  for start in stride(from: 0, to: x.count, by: max(1, columns)) {
    let row = start..<start + columns
    let top = x[row].max() ?? 0
    if top == -.infinity {
      for j in row { y[j] = 0 }
      continue
    }
    var sum: Real = 0
    for j in row {
      y[j] = Real.exponential(x[j] - top)
      sum += y[j]
    }
    for j in row { y[j] /= sum }
  }
  return y
}

/// Derivative of softmax: `∂x_j = y_j (∂y_j − Σ_k ∂y_k y_k)`.
@_specialize(where Real == Float)
@_specialize(where Real == Double)
private func softmaxPullback<Real: RealNumber>(
  _ gradient: [Real], _ y: [Real], _ columns: Int
) -> [Real] {
  var result = gradient
  for start in stride(from: 0, to: y.count, by: max(1, columns)) {
    let row = start..<start + columns
    var mean: Real = 0
    for j in row { mean += gradient[j] * y[j] }
    for j in row { result[j] = y[j] * (gradient[j] - mean) }
  }
  return result
}

/// Layer norm over the last axis: `(x − mean) / √(var + ε) · scale + offset`.
public func layerNorm<Real>(
  _ x: PlainTensor<Real>, scale: PlainTensor<Real>, offset: PlainTensor<Real>, epsilon: Real = 1e-5
) -> PlainTensor<Real> {
  let centered = x - x.mean([-1], keeping: true)
  let variance = (centered * centered).mean([-1], keeping: true)
  return centered / sqrt(variance + epsilon) * scale + offset
}
