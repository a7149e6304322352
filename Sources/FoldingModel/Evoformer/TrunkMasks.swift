import NeuralNet
import NumericArrays
import TensorCore

/// Masks of one pass over one protein or a pack of several, in the layouts that the blocks read.
struct TrunkMasks: Sendable {
  /// Where the proteins lie.
  let pack: ProteinPack
  /// What hides them from each other.
  let intervals: AttentionIntervals?
  /// Rows of the MSA, `[N_seq, N_res]`; `[N_seq, positions]` of a pack.
  let msaRows: PositionMask
  /// The same with the axes exchanged.
  let msaColumns: PositionMask
  /// The rows of each protein: their number and what is visible of them. `[N_seq, N_res]`
  let rows: [(count: Int, mask: PositionMask)]
  /// Pairs of each protein, `[N_res, N_res]`.
  let pairs: [PositionMask]

  /// The masks of a pack from those of its proteins' rows and pairs.
  init(
    _ pack: ProteinPack, rows masks: [NDArray<Float>], pairs: [PositionMask], pool: BufferPool
  ) {
    let joined = pack.join(masks)
    self.pack = pack
    self.intervals = pack.intervals
    self.msaRows = PositionMask(joined, pool: pool)
    self.msaColumns = msaRows.transposed(rows: joined.shape[0], pool: pool)
    let msaRows = msaRows
    self.rows = masks.map { mask in
      (mask.shape[0], masks.count == 1 ? msaRows : PositionMask(mask, pool: pool))
    }
    self.pairs = pairs
  }
}
