import FoldingCore
import NeuralNet
import NumericArrays
import PlainTensors
import Protein

/// Plain twin of `TemplatePairStack`, Algorithm 16, with the embedding of the pair features before it.
struct PlainTemplatePairStack<Real: PlainReal> {
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

/// Plain twin of `TemplatePairFeatures`: the 88 features of every residue pair of one template.
///
/// Distance bins, pseudo-beta pair mask, types of j and of i, unit vector (zeros), backbone pair mask, all times the latter.
func plainTemplatePairFeatures<Real: PlainReal>(
  _ templates: TemplateFeatures, template: Int, _ config: TemplateConfig
) -> PlainTensor<Real> {
  let count = templates.aatype.shape[1]
  func perPair(_ i: PlainTensor<Real>, _ j: PlainTensor<Real>) -> PlainTensor<Real> {
    (i.reshaped([count, 1]) * j.reshaped([1, count])).lastAxisAdded
  }
  let beta = templates.pseudoBeta.slice(template).values
  let bins = PlainDistanceBins(
    count: config.distanceBins, first: config.minDistance, last: config.maxDistance)
  let distogram: PlainTensor<Real> = bins(
    (0..<count).map { SIMD3(beta[$0 * 3], beta[$0 * 3 + 1], beta[$0 * 3 + 2]) })
  let betaMask = PlainTensor<Real>(templates.pseudoBetaMask.slice(template), isVariable: false)
  let atoms = PlainTensor<Real>(templates.mask.slice(template), isVariable: false)
  let backbone = [AtomName.n, .ca, .c].reduce(PlainTensor(repeating: 1, shape: [count, 1])) {
    $0 * atoms.slice($1.index..<$1.index + 1, axis: 1)
  }
  let types = PlainTensor<Real>.oneHot(
    templates.aatype.slice(template).values.map { min(Int($0), 21) }, classes: 22)
  let backbonePair = perPair(backbone, backbone)
  return concatenate(
    [
      distogram, perPair(betaMask, betaMask),
      types.reshaped([1, count, 22]).broadcast(to: [count, count, 22]),
      types.reshaped([count, 1, 22]).broadcast(to: [count, count, 22]),
      PlainTensor(repeating: 0, shape: [count, count, 3]), backbonePair,
    ], axis: -1) * backbonePair
}
