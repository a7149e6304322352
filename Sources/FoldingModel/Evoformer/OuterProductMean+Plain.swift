import FoldingCore
import NeuralNet
import NumericArrays
import PlainTensors

/// Plain twin of `OuterProductMean`, Algorithm 10: what the layer adds to z.
struct PlainOuterProductMean<Real: RealNumber> {
  let norm: PlainLayerNorm<Real>
  let left, right: PlainLinear<Real>  // c_m → c
  let output: PlainTensor<Real>  // [c, c, c_z]
  let outputBias: PlainTensor<Real>  // [c_z]
  let kind: OuterProductKind

  init(_ layer: OuterProductMean) {
    self.norm = PlainLayerNorm(layer.norm)
    self.left = PlainLinear(layer.left)
    self.right = PlainLinear(layer.right)
    self.output = PlainTensor(layer.output)
    self.outputBias = PlainTensor(layer.outputBias)
    self.kind = layer.kind
  }

  /// - Shapes: m `[N_seq, N_res, c_m]`, mask `[N_seq, N_res]` → `[N_res, N_res, c_z]`
  func callAsFunction(_ m: PlainTensor<Real>, mask: PlainTensor<Real>) -> PlainTensor<Real> {
    let m = norm(m)  // line 1
    var a = left(m) * mask.lastAxisAdded  // line 2
    var b = right(m) * mask.lastAxisAdded  // line 2
    if kind == .covariance { (a, b) = (centred(a, mask), centred(b, mask)) }
    let o = einsum("sic,sjd->ijcd", a, b)  // line 3, sum
    let (residues, square) = (m.shape[1], output.shape[0] * output.shape[1])
    let z =
      einsum(
        "ije,ez->ijz", o.reshaped([residues, residues, square]),
        output.reshaped([square, outputBias.count])) + outputBias  // line 4
    let count = einsum("si,sj->ij", mask, mask).lastAxisAdded  // line 3, mean
    return z / (count + 1e-3)
  }

  /// Deviations of the masked x `[N_seq, N_res, c]` from the mean over visible rows.
  private func centred(
    _ x: PlainTensor<Real>, _ mask: PlainTensor<Real>
  ) -> PlainTensor<Real> {
    let count = maximum(mask.sum([0], keeping: true), 1).lastAxisAdded
    return x - mask.lastAxisAdded * (x.sum([0], keeping: true) / count)
  }
}
