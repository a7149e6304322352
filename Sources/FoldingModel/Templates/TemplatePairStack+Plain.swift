import NeuralNet
import NumericArrays
import PlainTensors

/// Plain twin of `TemplatePairStack`, Algorithm 16, with the embedding of the pair features before it.
struct PlainTemplatePairStack<Real: RealNumber> {
  let embedding: PlainLinear<Real>
  let blocks: [Block]
  let outputNorm: PlainLayerNorm<Real>

  struct Block {
    let attentionStarting, attentionEnding: PlainTriangleAttention<Real>
    let multiplicationOutgoing, multiplicationIncoming: PlainTriangleMultiplication<Real>
    let transition: PlainTransition<Real>
  }

  init(_ stack: TemplatePairStack) {
    self.embedding = PlainLinear(stack.embedding)
    self.blocks = stack.blocks.map { block in
      Block(
        attentionStarting: PlainTriangleAttention(block.attentionStarting),
        attentionEnding: PlainTriangleAttention(block.attentionEnding),
        multiplicationOutgoing: PlainTriangleMultiplication(block.multiplicationOutgoing),
        multiplicationIncoming: PlainTriangleMultiplication(block.multiplicationIncoming),
        transition: PlainTransition(block.transition))
    }
    self.outputNorm = PlainLayerNorm(stack.outputNorm)
  }

  /// - Shapes: pair features `[N_res, N_res, 88]`, mask `[N_res, N_res]` → `[N_res, N_res, c_t]`
  func callAsFunction(
    _ features: PlainTensor<Real>, mask: PlainTensor<Real>
  ) -> PlainTensor<Real> {
    var t = embedding(features)
    for block in blocks {
      t = t + block.attentionStarting(t, mask: mask)  // line 2
      t = t + block.attentionEnding(t, mask: mask)  // line 3
      t = t + block.multiplicationOutgoing(t, mask: mask)  // line 4
      t = t + block.multiplicationIncoming(t, mask: mask)  // line 5
      t = t + block.transition(t)  // line 6
    }
    return outputNorm(t)  // line 8
  }
}
