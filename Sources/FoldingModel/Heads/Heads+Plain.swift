import NeuralNet
import NumericArrays
import PlainTensors

/// Plain twin of `PredictedLDDTHead`, Algorithm 29.
struct PlainPredictedLDDTHead<Real: RealNumber> {
  let norm: PlainLayerNorm<Real>
  let first, second, logits: PlainLinear<Real>

  init(_ head: PredictedLDDTHead) {
    self.norm = PlainLayerNorm(head.norm)
    self.first = PlainLinear(head.first)
    self.second = PlainLinear(head.second)
    self.logits = PlainLinear(head.logits)
  }

  /// - Shapes: s `[N_res, c_s]` → `[N_res, bins]`
  func callAsFunction(_ s: PlainTensor<Real>) -> PlainTensor<Real> {
    let a = relu(second(relu(first(norm(s)))))  // line 1
    return logits(a)  // line 2
  }
}

/// Plain twin of `DistogramHead`.
///
/// Jumper et al. 2021, Suppl. 1.9.8.
struct PlainDistogramHead<Real: RealNumber> {
  let halfLogits: PlainLinear<Real>

  init(_ head: DistogramHead) { self.halfLogits = PlainLinear(head.halfLogits) }

  /// - Shapes: z `[N_res, N_res, c_z]` → `[N_res, N_res, bins]`
  func callAsFunction(_ z: PlainTensor<Real>) -> PlainTensor<Real> {
    let half = halfLogits(z)
    return half + half.permuted([1, 0, 2])
  }
}
