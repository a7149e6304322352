import NumericArrays
import PlainTensors

/// Plain twin of `Transition`, Algorithms 9 and 15: what the layer adds to its input.
public struct PlainTransition<Real: RealNumber> {
  let norm: PlainLayerNorm<Real>
  let widen, narrow: PlainLinear<Real>

  /// The twin of `layer`, with its parameters.
  public init(_ layer: Transition) {
    self.norm = PlainLayerNorm(layer.norm)
    self.widen = PlainLinear(layer.widen)
    self.narrow = PlainLinear(layer.narrow)
  }

  /// - Shapes: x `[…, c]` → same
  public func callAsFunction(_ x: PlainTensor<Real>) -> PlainTensor<Real> {
    let x = norm(x)  // line 1
    let a = widen(x)  // line 2
    return narrow(relu(a))  // line 3
  }
}
