import FoldingCore
import NeuralNet
import TensorCore

/// Relative position encoding: how far apart two residues are along the chain.
///
/// Algorithm 4 (Jumper et al. 2021, Suppl. 1.5), with the one-hot encoding of
/// Algorithm 5 (Jumper et al. 2021, Suppl. 1.5): a one-hot vector times a matrix is a row of the matrix. Both run inside
/// `InputEmbedder.embedPair`.
struct RelativePosition: Sendable {
  let linear: Linear
  let maxDistance: Int

  init(_ scope: ParameterScope, _ config: ChannelConfig) throws {
    self.maxDistance = config.maxRelativePosition
    self.linear = try Linear(
      scope.scope("pair_activiations"), 2 * config.maxRelativePosition + 1, config.pair)  // (sic)
  }

  /// The bin of a pair: `clip(residue_i − residue_j, ±32) + 32`.
  func bin(_ i: Int, _ j: Int) -> Int {
    min(max(i - j, -maxDistance), maxDistance) + maxDistance
  }
}
