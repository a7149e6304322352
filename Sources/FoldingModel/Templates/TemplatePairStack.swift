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

    /// Lines 2–6, in place.
    func update(_ t: Tensor, mask: PositionMask, _ context: ExecutionContext) {
      attentionStarting.update(t, mask: mask, context)
      attentionEnding.update(t, mask: mask, context)
      multiplicationOutgoing.update(t, mask: mask, context)
      multiplicationIncoming.update(t, mask: mask, context)
      transition.update(t, context)
    }
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
          block, .starting, pair: channels, heads: heads, headChannels: config.pairHeadChannels,
          dropoutRate: config.dropout),
        attentionEnding: try TriangleAttention(
          block, .ending, pair: channels, heads: heads, headChannels: config.pairHeadChannels,
          dropoutRate: config.dropout),
        multiplicationOutgoing: try TriangleMultiplication(
          block, .outgoing, pair: channels, channels: config.triangleChannels,
          dropoutRate: config.dropout),
        multiplicationIncoming: try TriangleMultiplication(
          block, .incoming, pair: channels, channels: config.triangleChannels,
          dropoutRate: config.dropout),
        transition: try Transition(
          block.scope("pair_transition"), channels: channels, factor: config.transitionFactor))
    }
    self.outputNorm = try LayerNorm(scope.scope("output_layer_norm"), channels)
  }

  /// The embedding as a new tensor; with a tape nothing else is kept, and the stack runs again when its derivatives are due.
  func callAsFunction(
    _ features: TemplatePairFeatures, residues: Int, mask: PositionMask,
    _ context: ExecutionContext
  ) -> Tensor {
    let result = context.empty([residues, residues, embedding.outputs])
    context.checkpoint([]) { context in
      let t = embed(features, residues: residues, context)
      for (index, block) in blocks.enumerated() {
        block.update(t, mask: mask, context.scoped("template_pair_stack", index))  // lines 1–7
      }
      applyOutputNorm(to: t, into: result, context)  // line 8
    }
    return result
  }

  private func applyOutputNorm(
    to t: Tensor, into result: Tensor, _ context: ExecutionContext
  ) {
    context.record { context in
      outputNorm.backward(
        input: Matrix(t), outputGradient: Matrix(context.gradient(of: result)),
        into: Matrix(context.gradient(of: t)), context)
    }
    let (source, target) = (Matrix(t), Matrix(result))
    context.workers.split(source.rows) { rows in
      outputNorm.apply(to: source.rows(rows), into: target.rows(rows), context)
    }
  }

  private func embed(
    _ features: TemplatePairFeatures, residues: Int, _ context: ExecutionContext
  ) -> Tensor {
    let t = context.empty([residues, residues, embedding.outputs])
    context.record { context in
      backwardEmbedding(features, context.gradient(of: t), context)
    }
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
