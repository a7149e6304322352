import FoldingCore
import NeuralNet
import NumericArrays
import PlainTensors

/// Plain twin of `EvoformerBlock`, the body of the loop of Algorithms 6 and 18.
struct PlainEvoformerBlock<Real: RealNumber> {
  let rowAttention: PlainMSARowAttentionWithPairBias<Real>
  let columnAttention: ColumnAttention
  let msaTransition: PlainTransition<Real>
  let outerProductMean: PlainOuterProductMean<Real>
  let pairTrack: PlainPairTrack<Real>
  let order: BlockOrder

  enum ColumnAttention {
    case full(PlainMSAColumnAttention<Real>)
    case global(PlainMSAColumnGlobalAttention<Real>)
  }

  init(_ block: EvoformerBlock) {
    self.rowAttention = PlainMSARowAttentionWithPairBias(block.rowAttention)
    switch block.columnAttention {
    case .full(let layer): self.columnAttention = .full(PlainMSAColumnAttention(layer))
    case .global(let layer): self.columnAttention = .global(PlainMSAColumnGlobalAttention(layer))
    }
    self.msaTransition = PlainTransition(block.msaTransition)
    self.outerProductMean = PlainOuterProductMean(block.outerProductMean)
    self.pairTrack = PlainPairTrack(block.pairTrack)
    self.order = block.order
  }

  /// - Shapes: m `[N_seq, N_res, c_m]`, z `[N_res, N_res, c_z]`, masks `[N_seq, N_res]` and `[N_res, N_res]` → m, z
  func callAsFunction(
    _ m: PlainTensor<Real>, _ z: PlainTensor<Real>, mask: PlainTensor<Real>,
    pairMask: PlainTensor<Real>
  ) -> (m: PlainTensor<Real>, z: PlainTensor<Real>) {
    switch order {
    case .serial:
      let m = msaTrack(m, z, mask: mask)
      return (m, pairTrack(z + outerProductMean(m, mask: mask), mask: pairMask))
    case .outerProductFirst:
      let z = z + outerProductMean(m, mask: mask)
      return (msaTrack(m, z, mask: mask), pairTrack(z, mask: pairMask))
    case .parallel:
      let (m, z) = (msaTrack(m, z, mask: mask), pairTrack(z, mask: pairMask))
      return (m, z + outerProductMean(m, mask: mask))
    }
  }

  private func msaTrack(
    _ m: PlainTensor<Real>, _ z: PlainTensor<Real>, mask: PlainTensor<Real>
  ) -> PlainTensor<Real> {
    var m = m + rowAttention(m, z, mask: mask)  // line 2
    switch columnAttention {
    case .full(let attention): m = m + attention(m, mask: mask)  // line 3
    case .global(let attention): m = m + attention(m, mask: mask)
    }
    return m + msaTransition(m)  // line 4
  }
}

/// Plain twin of `PairTrack`, lines 6–10 of Algorithm 6.
struct PlainPairTrack<Real: RealNumber> {
  let multiplications: [PlainTriangleMultiplication<Real>]
  let attentions: [PlainTriangleAttention<Real>]
  let transition: PlainTransition<Real>

  init(_ track: PairTrack) {
    self.multiplications = [track.multiplicationOutgoing, track.multiplicationIncoming]
      .map { PlainTriangleMultiplication($0) }
    self.attentions = [track.attentionStarting, track.attentionEnding]
      .map { PlainTriangleAttention($0) }
    self.transition = PlainTransition(track.transition)
  }

  /// - Shapes: z `[N_res, N_res, c_z]`, mask `[N_res, N_res]` → z
  func callAsFunction(_ z: PlainTensor<Real>, mask: PlainTensor<Real>) -> PlainTensor<Real> {
    var z = z
    for multiplication in multiplications { z = z + multiplication(z, mask: mask) }  // lines 6–7
    for attention in attentions { z = z + attention(z, mask: mask) }  // lines 8–9
    return z + transition(z)  // line 10
  }
}
