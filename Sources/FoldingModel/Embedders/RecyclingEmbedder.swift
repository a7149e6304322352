import FoldingCore
import NeuralNet
import NumericArrays
import Protein

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
    self.bins = DistanceBins(config.recycledEdges)
  }
}

/// Cβ coordinates, Cα for glycine, of atom37 coordinates `[N_res, 37, 3]`. `[N_res, 3]`, Å
func pseudoBeta(aatype: [Int], positions: NDArray<Float>) -> [SIMD3<Float>] {
  aatype.enumerated().map { residue, type in
    let start = (residue * AtomName.count + AtomName.pseudoBeta(of: type).index) * 3
    return SIMD3(
      positions.values[start], positions.values[start + 1], positions.values[start + 2])
  }
}
