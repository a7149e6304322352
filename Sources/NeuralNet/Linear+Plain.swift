import NumericArrays
import PlainTensors

/// Plain twin of `Linear`: `y = x W + b` on the last axis.
public struct PlainLinear<Real: RealNumber> {
  /// The matrix W. `[in, out]`
  public let weight: PlainTensor<Real>
  /// The vector b; nil for layers without bias. `[out]`
  public let bias: PlainTensor<Real>?

  /// The twin of `layer`, with its parameters.
  public init(_ layer: Linear) {
    self.weight = PlainTensor(layer.weight)
    self.bias = layer.bias.map { PlainTensor($0) }
  }

  /// - Shapes: x `[…, in]` → `[…, out]`
  public func callAsFunction(_ x: PlainTensor<Real>) -> PlainTensor<Real> {
    let (inputs, outputs) = (weight.shape[0], weight.shape[1])
    let rows = x.reshaped([x.shape.dropLast().reduce(1, *), inputs])
    let y = einsum("ic,cd->id", rows, weight).reshaped(x.shape.dropLast() + [outputs])
    return bias.map { y + $0 } ?? y
  }
}
