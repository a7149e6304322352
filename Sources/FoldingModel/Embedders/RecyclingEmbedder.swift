import FoldingCore
import NeuralNet

/// Recycling embedder: adds what the previous pass found to the inputs of this one.
///
/// Algorithm 32 (Jumper et al. 2021, Suppl. 1.10), which runs inside `InputEmbedder.embedPair` and `embedMSA`. Biases and offsets
/// are added in the first pass too.
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
