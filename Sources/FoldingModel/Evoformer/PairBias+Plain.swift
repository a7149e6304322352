import NeuralNet
import NumericArrays
import PlainTensors

/// Plain twin of `PairBias`: `b^h_ij = LinearNoBias(LayerNorm(z_ij))`.
struct PlainPairBias<Real: RealNumber> {
  let norm: PlainLayerNorm<Real>
  let weights: PlainTensor<Real>  // [c_z, heads]

  init(_ layer: PairBias) {
    self.norm = PlainLayerNorm(layer.norm)
    self.weights = PlainTensor(layer.weights)
  }

  /// - Shapes: z `[N_res, N_res, c_z]` → `[heads, N_res, N_res]`
  func callAsFunction(_ z: PlainTensor<Real>) -> PlainTensor<Real> {
    einsum("ijc,ch->hij", norm(z), weights)
  }
}
