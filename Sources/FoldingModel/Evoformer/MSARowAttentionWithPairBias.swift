import FoldingCore
import NeuralNet
import TensorCore

/// Row attention of the MSA: residues of one sequence attend to each other, guided by the pair representation.
///
/// Algorithm 7 (Jumper et al. 2021, Suppl. 1.6.1).
///
/// - Shapes: m `[N_seq, N_res, c_m]`, z `[N_res, N_res, c_z]` → m
struct MSARowAttentionWithPairBias: Sendable {
  let norm: LayerNorm
  let pairBias: PairBias
  let attention: GatedAttention
  let dropoutRate: Float

  private static let name = "msa_row_attention_with_pair_bias"

  init(_ scope: ParameterScope, msa: Int, pair: Int, _ config: EvoformerConfig) throws {
    let scope = scope.scope(Self.name)
    self.norm = try LayerNorm(scope.scope("query_norm"), msa)
    self.pairBias = PairBias(
      norm: try LayerNorm(scope.scope("feat_2d_norm"), pair),
      weights: try scope.matrix("feat_2d_weights", [pair, config.msaHeads]))
    self.attention = try GatedAttention(
      scope.scope("attention"), inputs: msa, heads: config.msaHeads,
      headChannels: config.msaHeadChannels)
    self.dropoutRate = config.msaDropout
  }

  /// The bias of the proteins of a pack, each in its place. `[heads, positions, positions]`
  func bias(_ zs: [Tensor], _ pack: ProteinPack, _ context: ExecutionContext) -> Tensor {
    if zs.count == 1 { return pairBias(zs[0], .queryFirst, context) }
    let bias = context.zeros([attention.heads, pack.positions, pack.positions])
    for (z, place) in zip(zs, pack.places) {
      pairBias.write(z, .queryFirst, into: bias, at: place.lowerBound, context)
    }
    return bias
  }

  /// `m += attention(m)`, in place, with the bias `[heads, N_res, N_res]` that `pairBias` made of z; the dropout mask is shared by the rows.
  ///
  /// `intervals` hides proteins of a pack from each other.
  func update(
    _ m: Tensor, bias: Tensor, mask: PositionMask, intervals: AttentionIntervals? = nil,
    _ context: ExecutionContext
  ) {
    let factors = context.dropoutFactors(Self.name, rate: dropoutRate, [m.shape[1], m.channels])
    attention.update(
      m, along: .rows(of: m), norm: norm, bias: bias, mask: mask, intervals: intervals,
      dropoutFactors: factors, context)
  }
}
