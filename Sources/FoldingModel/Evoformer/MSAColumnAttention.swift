import FoldingCore
import NeuralNet
import TensorCore

/// Column attention of the MSA: sequences attend to each other at one residue.
///
/// Algorithm 8 (Jumper et al. 2021, Suppl. 1.6.2).
///
/// - Shapes: m `[N_seq, N_res, c_m]` → m
struct MSAColumnAttention: Sendable {
  let norm: LayerNorm
  let attention: GatedAttention

  init(_ scope: ParameterScope, msa: Int, _ config: EvoformerConfig) throws {
    let scope = scope.scope("msa_column_attention")
    self.norm = try LayerNorm(scope.scope("query_norm"), msa)
    self.attention = try GatedAttention(
      scope.scope("attention"), inputs: msa, heads: config.msaHeads,
      headChannels: config.msaHeadChannels)
  }

  /// `m += attention(m)`, in place; `mask` is per residue, over sequences.
  func update(_ m: Tensor, mask: PositionMask, _ context: ExecutionContext) {
    attention.update(m, along: .columns(of: m), norm: norm, bias: nil, mask: mask, context)
  }
}
