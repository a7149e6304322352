import NeuralNet
import NumericArrays
import PlainTensors

/// Plain twin of `TemplatePointwiseAttention`, Algorithm 17: what the layer adds to z.
struct PlainTemplatePointwiseAttention<Real: RealNumber> {
  let query: PlainTensor<Real>  // [c_z, heads, channels]
  let key, value: PlainTensor<Real>  // [c_t, heads, channels]
  let output: PlainTensor<Real>  // [heads, channels, c_z]
  let outputBias: PlainTensor<Real>  // [c_z]

  init(_ layer: TemplatePointwiseAttention) {
    self.query = PlainTensor(layer.query)
    self.key = PlainTensor(layer.key)
    self.value = PlainTensor(layer.value)
    self.output = PlainTensor(layer.output)
    self.outputBias = PlainTensor(layer.outputBias)
  }

  /// - Shapes: z `[N_res, N_res, c_z]`, t `[N_templ, N_res, N_res, c_t]`, mask `[N_templ]` → like z
  func callAsFunction(
    _ z: PlainTensor<Real>, _ t: PlainTensor<Real>, mask: PlainTensor<Real>
  ) -> PlainTensor<Real> {
    let q = einsum("ijc,chd->ijhd", z, query)  // line 1
    let k = einsum("tijc,chd->tijhd", t, key)  // line 2
    let v = einsum("tijc,chd->tijhd", t, value)  // line 2
    let logits = einsum("ijhd,tijhd->ijht", q, k) / Real(query.shape[2]).squareRoot()
    let a = softmax(masked(logits, mask))  // line 3
    let o = einsum("ijht,tijhd->ijhd", a, v)  // line 4
    return einsum("ijhd,hdc->ijc", o, output) + outputBias  // line 5
  }
}
