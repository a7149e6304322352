import FoldingCore
import NeuralNet
import TensorCore

/// Template pair stack: reads the pair features of one template.
///
/// Algorithm 16 (Jumper et al. 2021, Suppl. 1.7.1): attention before multiplication, unlike the Evoformer.
///
/// - Shapes: t `[N_res, N_res, c_t]` → t
struct TemplatePairStack: Sendable {
  let embedding: Linear
  let blocks: [Block]
  let outputNorm: LayerNorm

  struct Block: Sendable {
    let attentionStarting, attentionEnding: TriangleAttention
    let multiplicationOutgoing, multiplicationIncoming: TriangleMultiplication
    let transition: Transition
  }

  init(_ scope: ParameterScope, _ config: TemplateConfig) throws {
    let scope = scope.scope("single_template_embedding")
    let (channels, heads) = (config.channels, config.pairHeads)
    self.embedding = try Linear(
      scope.scope("embedding2d"), TemplatePairFeatures.width(config), channels)
    let stack = scope.scope("template_pair_stack").scope("__layer_stack_no_state")
    self.blocks = try (0..<config.blocks).map { index in
      let block = stack.block(index, of: config.blocks)
      return Block(
        attentionStarting: try TriangleAttention(
          block, .starting, pair: channels, heads: heads, headChannels: config.pairHeadChannels),
        attentionEnding: try TriangleAttention(
          block, .ending, pair: channels, heads: heads, headChannels: config.pairHeadChannels),
        multiplicationOutgoing: try TriangleMultiplication(
          block, .outgoing, pair: channels, channels: config.triangleChannels),
        multiplicationIncoming: try TriangleMultiplication(
          block, .incoming, pair: channels, channels: config.triangleChannels),
        transition: try Transition(
          block.scope("pair_transition"), channels: channels, factor: config.transitionFactor))
    }
    self.outputNorm = try LayerNorm(scope.scope("output_layer_norm"), channels)
  }

  func callAsFunction(
    _ features: TemplatePairFeatures, residues: Int, mask: AttentionMask,
    _ context: ExecutionContext
  ) -> Tensor {
    let t = embed(features, residues: residues, context)
    for block in blocks {
      block.attentionStarting.update(t, mask: mask, context)
      block.attentionEnding.update(t, mask: mask, context)
      block.multiplicationOutgoing.update(t, mask: mask, context)
      block.multiplicationIncoming.update(t, mask: mask, context)
      block.transition.update(t, context)
    }
    return outputNorm(t, context)
  }

  private func embed(
    _ features: TemplatePairFeatures, residues: Int, _ context: ExecutionContext
  ) -> Tensor {
    let t = context.empty([residues, residues, embedding.outputs])
    let weight = embedding.packed(context)
    context.tiles(
      residues, tile: 1, scratch: { context.empty([residues, embedding.inputs], .float32) }
    ) { row, scratch in
      features.write(row: row.lowerBound, into: scratch)
      context.multiply(
        Matrix(scratch), weight, into: Matrix(t[row.lowerBound]), .bias(embedding.bias))
    }
    return t
  }
}
