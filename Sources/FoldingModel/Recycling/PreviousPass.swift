import FoldingCore
import NumericArrays
import TensorCore

/// What one pass hands to the next: coordinates, first MSA row and pair representation.
public struct PreviousPass: Sendable {
  /// Atom coordinates, Å, atom37. `[N_res, 37, 3]`
  public var positions: NDArray<Float>
  /// First row of the MSA representation, fp32. `[N_res, c_m]`
  public var msaFirstRow: Tensor
  /// Pair representation; the next pass overwrites it. `[N_res, N_res, c_z]`
  public var pair: Tensor

  /// The given state.
  public init(positions: NDArray<Float>, msaFirstRow: Tensor, pair: Tensor) {
    self.positions = positions
    self.msaFirstRow = msaFirstRow
    self.pair = pair
  }

  /// The state before the first pass: zeros, which the norms turn into their offsets.
  init(residues: Int, _ config: ChannelConfig, _ context: ExecutionContext) {
    self.positions = NDArray(repeating: 0, shape: [residues, 37, 3])
    self.msaFirstRow = context.zeros([residues, config.msa], .float32)
    self.pair = context.zeros([residues, residues, config.pair])
  }
}

extension PreviousPass {
  /// The distance bin of every pair of residues as the next pass will see it, row by row; nil below the first edge.
  ///
  /// Rounding moves a distance across a bin edge now and then: the next pass of another implementation then adds another row
  /// of weights, although both are right.
  public static func distanceBins(
    aatype: [Int], positions: NDArray<Float>, _ config: ChannelConfig = ChannelConfig()
  ) -> [Int?] {
    let bins = DistanceBins(config.recycledEdges)
    let beta = pseudoBeta(aatype: aatype, positions: positions)
    return beta.flatMap { first in
      beta.map { second in
        let d = first - second
        return bins.bin((d * d).sum())
      }
    }
  }
}
