import NeuralNet
import NumericArrays
import PlainTensors

/// Plain twin of `TriangleMultiplication`, Algorithms 11 and 12: what the layer adds to z.
struct PlainTriangleMultiplication<Real: RealNumber> {
  let edges: TriangleMultiplication.Edges
  let normInput: PlainLayerNorm<Real>
  let leftProjection, rightProjection, leftGate, rightGate: PlainLinear<Real>
  let normCenter: PlainLayerNorm<Real>
  let outputProjection, outputGate: PlainLinear<Real>

  init(_ layer: TriangleMultiplication) {
    self.edges = layer.edges
    self.normInput = PlainLayerNorm(layer.normInput)
    self.leftProjection = PlainLinear(layer.leftProjection)
    self.rightProjection = PlainLinear(layer.rightProjection)
    self.leftGate = PlainLinear(layer.leftGate)
    self.rightGate = PlainLinear(layer.rightGate)
    self.normCenter = PlainLayerNorm(layer.normCenter)
    self.outputProjection = PlainLinear(layer.outputProjection)
    self.outputGate = PlainLinear(layer.outputGate)
  }

  /// - Shapes: z `[N_res, N_res, c_z]`, mask `[N_res, N_res]` → like z
  func callAsFunction(_ z: PlainTensor<Real>, mask: PlainTensor<Real>) -> PlainTensor<Real> {
    let z = normInput(z)  // line 1
    let a = sigmoid(leftGate(z)) * leftProjection(z) * mask.lastAxisAdded  // line 2
    let b = sigmoid(rightGate(z)) * rightProjection(z) * mask.lastAxisAdded  // line 2
    let g = sigmoid(outputGate(z))  // line 3
    let o =
      switch edges {
      case .outgoing: einsum("ikc,jkc->ijc", a, b)  // line 4, sum
      case .incoming: einsum("kjc,kic->ijc", a, b)
      }
    return g * outputProjection(normCenter(o))  // line 4
  }
}
