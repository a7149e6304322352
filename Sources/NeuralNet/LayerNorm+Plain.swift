import NumericArrays
import PlainTensors
import TensorCore

/// Plain twin of `LayerNorm`.
public struct PlainLayerNorm<Real: RealNumber> {
  /// Learned factor of each channel (γ). `[channels]`
  public let scale: PlainTensor<Real>
  /// Learned offset of each channel (β). `[channels]`
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
