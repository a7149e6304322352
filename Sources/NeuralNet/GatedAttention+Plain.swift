import NumericArrays
import PlainTensors

/// Plain twin of `GatedAttention`: multi-head attention within each row of a batch, with its logits.
///
/// Lines numbered as in Algorithm 7, whose normalisation and pair bias are the caller's.
public struct PlainGatedAttention<Real: RealNumber> {
  let query, key, value, gate: PlainTensor<Real>  // [c, heads, channels]
  let gateBias: PlainTensor<Real>  // [heads, channels]
  let output: PlainTensor<Real>  // [heads, channels, c]
  let outputBias: PlainTensor<Real>  // [c]

  /// The twin of `layer`, with its parameters.
  public init(_ layer: GatedAttention) {
    self.query = PlainTensor(layer.query)
    self.key = PlainTensor(layer.key)
    self.value = PlainTensor(layer.value)
    self.gate = PlainTensor(layer.gate)
    self.gateBias = PlainTensor(layer.gateBias)
    self.output = PlainTensor(layer.output)
    self.outputBias = PlainTensor(layer.outputBias)
  }

  /// - Shapes: x `[rows, positions, c]`, normalised; bias `[heads, positions, positions]`; mask `[rows, positions]` → like x
  public func callAsFunction(
    _ x: PlainTensor<Real>, bias b: PlainTensor<Real>?, mask: PlainTensor<Real>
  ) -> PlainTensor<Real> {
    let (rows, positions, channels) = (x.shape[0], x.shape[1], query.shape[2])
    let q = einsum("sic,chd->sihd", x, query)  // line 2
    let k = einsum("sic,chd->sihd", x, key)  // line 2
    let v = einsum("sic,chd->sihd", x, value)  // line 2
    let g = sigmoid(einsum("sic,chd->sihd", x, gate) + gateBias)  // line 4
    var logits = einsum("sihd,sjhd->shij", q, k) / Real(channels).squareRoot()
    if let b { logits = logits + b }
    let a = softmax(masked(logits, mask.reshaped([rows, 1, 1, positions])))  // line 5
    let o = g * einsum("shij,sjhd->sihd", a, v)  // line 6
    let flat = o.reshaped([rows, positions, query.shape[1] * channels])
    let weight = output.reshaped([flat.shape[2], outputBias.count])
    return einsum("sie,ec->sic", flat, weight) + outputBias  // line 7
  }
}
