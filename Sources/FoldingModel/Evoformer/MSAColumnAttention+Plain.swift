import NeuralNet
import NumericArrays
import PlainTensors

/// Plain twin of `MSAColumnAttention`, Algorithm 8: what the layer adds to m.
struct PlainMSAColumnAttention<Real: RealNumber> {
  let norm: PlainLayerNorm<Real>
  let attention: PlainGatedAttention<Real>

  init(_ layer: MSAColumnAttention) {
    self.norm = PlainLayerNorm(layer.norm)
    self.attention = PlainGatedAttention(layer.attention)
  }

  /// - Shapes: m `[N_seq, N_res, c_m]`, mask `[N_seq, N_res]` → like m
  func callAsFunction(_ m: PlainTensor<Real>, mask: PlainTensor<Real>) -> PlainTensor<Real> {
    let columns = norm(m).permuted([1, 0, 2])  // line 1
    return attention(columns, bias: nil, mask: mask.permuted([1, 0]))  // lines 2–6
      .permuted([1, 0, 2])
  }
}
