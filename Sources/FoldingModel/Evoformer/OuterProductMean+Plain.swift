import NeuralNet
import PlainTensors

/// Plain twin of `OuterProductMean`, Algorithm 10: what the layer adds to z.
struct PlainOuterProductMean<Real: PlainReal> {
  let norm: PlainLayerNorm<Real>
  let left, right: PlainLinear<Real>  // c_m → c
  let output: PlainTensor<Real>  // [c, c, c_z]
  let outputBias: PlainTensor<Real>  // [c_z]

  init(_ layer: OuterProductMean) {
    self.norm = PlainLayerNorm(layer.norm)
    self.left = PlainLinear(layer.left)
    self.right = PlainLinear(layer.right)
    self.output = PlainTensor(layer.output)
    self.outputBias = PlainTensor(layer.outputBias)
  }

  /// - Shapes: m `[N_seq, N_res, c_m]`, mask `[N_seq, N_res]` → `[N_res, N_res, c_z]`
  func callAsFunction(_ m: PlainTensor<Real>, mask: PlainTensor<Real>) -> PlainTensor<Real> {
    let m = norm(m)  // line 1
    let a = left(m) * mask.lastAxisAdded  // line 2
    let b = right(m) * mask.lastAxisAdded  // line 2
    let o = einsum("sic,sjd->ijcd", a, b)  // line 3, sum
    let (residues, square) = (m.shape[1], output.shape[0] * output.shape[1])
    let z =
      einsum(
        "ije,ez->ijz", o.reshaped([residues, residues, square]),
        output.reshaped([square, outputBias.count])) + outputBias  // line 4
    let count = einsum("si,sj->ij", mask, mask).lastAxisAdded  // line 3, mean
    return z / (count + 1e-3)
  }
}
