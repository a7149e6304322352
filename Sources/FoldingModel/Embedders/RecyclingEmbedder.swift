import FoldingCore
import NeuralNet
import NumericArrays
import Protein
import TensorCore

/// What one pass hands to the next.
public struct RecycledState: Sendable {
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

/// Recycling embedder: adds what the previous pass found to the inputs of this one.
///
/// Algorithm 32 (Jumper et al. 2021, Suppl. 1.10). Biases and offsets are added in the first pass too.
struct RecyclingEmbedder: Sendable {
  let positionLinear: Linear
  let firstRowNorm: LayerNorm
  let pairNorm: LayerNorm
  let bins: DistanceBins

  init(_ scope: ParameterScope, _ config: ChannelConfig) throws {
    self.positionLinear = try Linear(
      scope.scope("prev_pos_linear"), config.recycleBins, config.pair)
    self.firstRowNorm = try LayerNorm(scope.scope("prev_msa_first_row_norm"), config.msa)
    self.pairNorm = try LayerNorm(scope.scope("prev_pair_norm"), config.pair)
    self.bins = DistanceBins(config)
  }
}

extension RecycledState {
  /// The distance bin of every pair of residues as the next pass will see it, row by row; nil below the first edge.
  ///
  /// Rounding moves a distance across an edge now and then: the next pass of another implementation then differs by a
  /// whole row of weights, although both are right.
  public static func distanceBins(
    aatype: [Int], positions: NDArray<Float>, _ config: ChannelConfig = ChannelConfig()
  ) -> [Int?] {
    let bins = DistanceBins(config)
    let beta = pseudoBeta(aatype: aatype, positions: positions)
    return beta.flatMap { first in
      beta.map { second in
        let d = first - second
        return bins.bin((d * d).sum())
      }
    }
  }
}

extension DistanceBins {
  /// The bins of recycled positions.
  init(_ config: ChannelConfig) {
    self.init(
      count: config.recycleBins, from: config.recycleMinDistance, to: config.recycleMaxDistance)
  }
}

/// Cβ coordinates, Cα for glycine, of atom37 coordinates `[N_res, 37, 3]`. `[N_res, 3]`, Å
func pseudoBeta(aatype: [Int], positions: NDArray<Float>) -> [SIMD3<Float>] {
  aatype.enumerated().map { residue, type in
    let atom = type == AminoAcid.glycine.index ? AtomName.ca : AtomName.cb
    let start = (residue * AtomName.count + atom.index) * 3
    return SIMD3(
      positions.values[start], positions.values[start + 1], positions.values[start + 2])
  }
}
