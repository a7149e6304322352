import NeuralNet
import NumericArrays
import PlainTensors

/// Plain twin of `TriangleAttention`, Algorithms 13 and 14: what the layer adds to z.
///
/// Around the ending node the pair tensor and its mask are transposed, attended and transposed back.
struct PlainTriangleAttention<Real: RealNumber> {
  let node: TriangleAttention.Node
  let pairBias: PlainPairBias<Real>
  let attention: PlainGatedAttention<Real>

  init(_ layer: TriangleAttention) {
    self.node = layer.node
    self.pairBias = PlainPairBias(layer.pairBias)
    self.attention = PlainGatedAttention(layer.attention)
  }

  /// - Shapes: z `[N_res, N_res, c_z]`, mask `[N_res, N_res]` → like z
  func callAsFunction(_ z: PlainTensor<Real>, mask: PlainTensor<Real>) -> PlainTensor<Real> {
    switch node {
    case .starting: attend(z, mask: mask)
    case .ending: attend(z.permuted([1, 0, 2]), mask: mask.permuted([1, 0])).permuted([1, 0, 2])
    }
  }

  private func attend(_ z: PlainTensor<Real>, mask: PlainTensor<Real>) -> PlainTensor<Real> {
    let b = pairBias(z)  // line 3
    return attention(pairBias.norm(z), bias: b, mask: mask)  // lines 1–2, 4–7
  }
}
