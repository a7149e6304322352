import NeuralNet
import NumericArrays
import PlainTensors

/// Plain twin of `MSAColumnGlobalAttention`, Algorithm 19: what the layer adds to m.
struct PlainMSAColumnGlobalAttention<Real: RealNumber> {
  let norm: PlainLayerNorm<Real>
  let query: PlainTensor<Real>  // [c, heads, channels]
  let key, value: PlainTensor<Real>  // [c, channels]
  let gate: PlainTensor<Real>  // [c, heads, channels]
  let gateBias: PlainTensor<Real>  // [heads, channels]
  let output: PlainTensor<Real>  // [heads, channels, c]
  let outputBias: PlainTensor<Real>  // [c]

  init(_ layer: MSAColumnGlobalAttention) {
    self.norm = PlainLayerNorm(layer.norm)
    self.query = PlainTensor(layer.query)
    self.key = PlainTensor(layer.key)
    self.value = PlainTensor(layer.value)
    self.gate = PlainTensor(layer.gate)
    self.gateBias = PlainTensor(layer.gateBias)
    self.output = PlainTensor(layer.output)
    self.outputBias = PlainTensor(layer.outputBias)
  }

  /// - Shapes: m `[N_extra, N_res, c_e]`, mask `[N_extra, N_res]` → like m
  func callAsFunction(_ m: PlainTensor<Real>, mask: PlainTensor<Real>) -> PlainTensor<Real> {
    let m = norm(m)  // line 1
    let count = mask.sum([0]).lastAxisAdded + 1e-10
    let mean = (m * mask.lastAxisAdded).sum([0]) / count
    let scale = 1 / Real(query.shape[2]).squareRoot()
    let q = einsum("ic,chd->ihd", mean, query) * scale  // lines 2–3
    let k = einsum("sic,cd->sid", m, key)  // line 2
    let v = einsum("sic,cd->sid", m, value)  // line 2
    let g = sigmoid(einsum("sic,chd->sihd", m, gate) + gateBias)  // line 4
    let visible = mask.permuted([1, 0]).reshaped([m.shape[1], 1, m.shape[0]])
    let a = softmax(masked(einsum("ihd,sid->ihs", q, k), visible))  // line 5
    let o = g * einsum("ihs,sid->ihd", a, v)  // line 6
    return einsum("sihd,hdc->sic", o, output) + outputBias  // line 7
  }
}
