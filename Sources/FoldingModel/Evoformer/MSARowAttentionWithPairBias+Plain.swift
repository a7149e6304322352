import NeuralNet
import NumericArrays
import PlainTensors

/// Plain twin of `MSARowAttentionWithPairBias`, Algorithm 7: what the layer adds to m.
struct PlainMSARowAttentionWithPairBias<Real: RealNumber> {
  let norm: PlainLayerNorm<Real>
  let pairBias: PlainPairBias<Real>
  let attention: PlainGatedAttention<Real>

  init(_ layer: MSARowAttentionWithPairBias) {
    self.norm = PlainLayerNorm(layer.norm)
    self.pairBias = PlainPairBias(layer.pairBias)
    self.attention = PlainGatedAttention(layer.attention)
  }

  /// - Shapes: m `[N_seq, N_res, c_m]`, z `[N_res, N_res, c_z]`, mask `[N_seq, N_res]` → like m
  func callAsFunction(
    _ m: PlainTensor<Real>, _ z: PlainTensor<Real>, mask: PlainTensor<Real>
  ) -> PlainTensor<Real> {
    let m = norm(m)  // line 1
    let b = pairBias(z)  // line 3
    return attention(m, bias: b, mask: mask)  // lines 2, 4–7
  }
}
