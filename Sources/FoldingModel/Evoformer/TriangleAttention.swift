import NeuralNet
import TensorCore

/// Triangle attention: edges that share a node attend to each other, biased by the third edge.
///
/// Algorithm 13 (Jumper et al. 2021, Suppl. 1.6.6), starting node, and
/// Algorithm 14 (Jumper et al. 2021, Suppl. 1.6.6), ending node: the same on the transposed pair tensor, read in place.
///
/// - Shapes: z `[N_res, N_res, c_z]` → z
struct TriangleAttention: Sendable {
  /// The node that attending edges share.
  enum Node: String {
    case starting = "triangle_attention_starting_node"
    case ending = "triangle_attention_ending_node"
  }

  let node: Node
  let pairBias: PairBias
  let attention: GatedAttention
  let dropoutRate: Float

  init(
    _ scope: ParameterScope, _ node: Node, pair: Int, heads: Int, headChannels: Int,
    dropoutRate: Float
  ) throws {
    let scope = scope.scope(node.rawValue)
    self.node = node
    self.pairBias = PairBias(
      norm: try LayerNorm(scope.scope("query_norm"), pair),
      weights: try scope.matrix("feat_2d_weights", [pair, heads]))
    self.attention = try GatedAttention(
      scope.scope("attention"), inputs: pair, heads: heads, headChannels: headChannels)
    self.dropoutRate = dropoutRate
  }

  /// `z += attention(z)`, in place; dropout masks are shared by the attentions: over rows of z around the starting node,
  /// over columns around the ending node.
  func update(_ z: Tensor, mask: PositionMask, _ context: ExecutionContext) {
    let isStarting = node == .starting
    let factors = context.dropoutFactors(
      node.rawValue, rate: dropoutRate, [z.shape[0], z.channels])
    let bias = pairBias(z, isStarting ? .queryFirst : .keyFirst, context)
    attention.update(
      z, along: isStarting ? .rows(of: z) : .columns(of: z), norm: pairBias.norm, bias: bias,
      mask: mask, dropoutFactors: factors, context)
  }
}
