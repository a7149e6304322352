import FoldingCore
import NeuralNet
import NumericArrays
import PlainTensors

/// Plain twin of `ExtraMSAStack`, Algorithm 18.
struct PlainExtraMSAStack<Real: RealNumber> {
  let embedding: PlainLinear<Real>
  let blocks: [PlainEvoformerBlock<Real>]

  init(_ stack: ExtraMSAStack) {
    self.embedding = PlainLinear(stack.embedding)
    self.blocks = stack.blocks.ready.map { PlainEvoformerBlock($0) }
  }

  /// - Shapes: extra rows `[N_extra, N_res]`, z `[N_res, N_res, c_z]`, pairMask `[N_res, N_res]` → z
  func callAsFunction(
    _ z: PlainTensor<Real>, _ draw: AlignmentDraw, pairMask: PlainTensor<Real>
  ) -> PlainTensor<Real> {
    let mask = PlainTensor<Real>(draw.extraMask, isVariable: false)
    var (m, z) = (embedding(Self.features(draw)), z)
    for block in blocks { (m, z) = block(m, z, mask: mask, pairMask: pairMask) }
    return z
  }

  /// One-hot class (23), has-deletion flag, deletion value. `[N_extra, N_res, 25]`
  static func features(_ draw: AlignmentDraw) -> PlainTensor<Real> {
    let classes = PlainTensor<Real>.oneHot(draw.extraMSA.values.map { Int($0) }, classes: 23)
    return concatenate(
      [
        classes.reshaped(draw.extraMask.shape + [23]),
        PlainTensor(draw.extraHasDeletion, isVariable: false).lastAxisAdded,
        PlainTensor(draw.extraDeletionValue, isVariable: false).lastAxisAdded,
      ], axis: -1)
  }
}
