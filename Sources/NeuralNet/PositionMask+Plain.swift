import PlainTensors

/// Logits with 10⁹ subtracted where the mask, which broadcasts over them, is 0.
///
/// A row in which nothing is visible becomes constant, so that its softmax averages all keys. In single precision the released
/// code's formula does the same as long as logits are below 32, half the spacing of numbers near 10⁹.
public func masked<Real>(
  _ logits: PlainTensor<Real>, _ mask: PlainTensor<Real>
) -> PlainTensor<Real> {
  let visible = mask.withoutGradient().sum([-1], keeping: true)
  let isVisible = visible.map({ $0 > 0 ? 1 : 0 }, derivative: { _, _ in 0 })
  return logits * isVisible + (mask - 1) * 1e9
}
