import PlainTensors
import TensorCore

extension PlainTensor {
  /// A leaf with the values of a parameter, exactly as the fast layer holds them.
  public convenience init(_ tensor: Tensor) { self.init(tensor.array()) }
}

/// Plain twin of `Linear`: `y = x W + b` on the last axis.
public struct PlainLinear<Real: PlainReal> {
  /// Factors of the inputs. `[in, out]`
  public let weight: PlainTensor<Real>
  /// What is added to each output. `[out]`
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

/// Plain twin of `LayerNorm`.
public struct PlainLayerNorm<Real: PlainReal> {
  /// Factor of each channel. `[channels]`
  public let scale: PlainTensor<Real>
  /// What is added to each channel. `[channels]`
  public let offset: PlainTensor<Real>

  /// The twin of `layer`, with its parameters.
  public init(_ layer: LayerNorm) {
    self.scale = PlainTensor(layer.scale)
    self.offset = PlainTensor(layer.offset)
  }

  /// - Shapes: x `[…, channels]` → same
  public func callAsFunction(_ x: PlainTensor<Real>) -> PlainTensor<Real> {
    layerNorm(x, scale: scale, offset: offset, epsilon: Real(layerNormEpsilon))
  }
}
