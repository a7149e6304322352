import FoldingCore
import NeuralNet
import TensorCore

/// What invariant point attention reads.
struct PointAttentionInput: Sendable {
  /// Single representation. `[N_res, c_s]`
  let s: Tensor
  /// Pair representation before its norm. `[N_res, N_res, c_z]`
  let z: Tensor
  let pairNorm: LayerNorm
  let frames: BackboneFrames
  /// 1 where a residue takes part. `[N_res]`
  let mask: [Float]
}

/// Invariant point attention: residues attend by features, by the pair representation, and by where points that they
/// carry lie in space; the result does not change when the whole structure moves.
///
/// Algorithm 22 (Jumper et al. 2021, Suppl. 1.8.2).
///
/// Works on one query residue at a time, so that neither the logits nor the normalised pair tensor ever exist as a whole. fp32.
///
/// - Shapes: s `[N_res, c_s]`, z `[N_res, N_res, c_z]` → `[N_res, c_s]`
struct InvariantPointAttention: Sendable {
  let config: StructureConfig
  let scalarQuery, scalarKeyValue, pointQuery, pointKeyValue: Linear
  let pairLogits: Linear
  let pointWeights: Tensor  // [heads]
  let output: Linear

  init(_ scope: ParameterScope, single: Int, pair: Int, _ config: StructureConfig) throws {
    let scope = scope.scope("invariant_point_attention")
    let heads = config.heads
    self.config = config
    self.scalarQuery = try Linear(scope.scope("q_scalar"), single, heads * config.scalarQueryKey)
    self.scalarKeyValue = try Linear(
      scope.scope("kv_scalar"), single, heads * (config.scalarQueryKey + config.scalarValue))
    self.pointQuery = try Linear(
      scope.scope("q_point_local"), single, heads * 3 * config.pointQueryKey)
    self.pointKeyValue = try Linear(
      scope.scope("kv_point_local"), single, heads * 3 * (config.pointQueryKey + config.pointValue))
    self.pairLogits = try Linear(scope.scope("attention_2d"), pair, heads)
    self.pointWeights = try scope.vector("trainable_point_weights", [heads])
    self.output = try Linear(
      scope.scope("output_projection"),
      heads * (config.scalarValue + 4 * config.pointValue + pair), single)
  }

  /// The attention's output for every residue, before it is added.
  func callAsFunction(
    _ s: Tensor, _ z: Tensor, pairNorm: LayerNorm, _ frames: BackboneFrames, mask: [Float],
    _ context: ExecutionContext
  ) -> Tensor {
    let input = PointAttentionInput(s: s, z: z, pairNorm: pairNorm, frames: frames, mask: mask)
    let features = gather(input, context.unrecorded)
    let result = output(features, context.unrecorded)
    context.record { context in
      backward(input, features: features, outputGradient: context.gradient(of: result), context)
    }
    return result
  }

  /// What every residue gathers: attended scalars, points, norms of points, and pairs. `[N_res, features]`
  private func gather(_ input: PointAttentionInput, _ context: ExecutionContext) -> Tensor {
    let (s, z, frames) = (input.s, input.z, input.frames)
    let residues = s.shape[0]
    let operands = PointAttentionOperands(self, s, frames, context)
    let logitWeight = pairLogits.packed(context)
    let features = context.empty([residues, output.inputs])
    context.tiles(
      residues, tile: 1, scratch: { Scratch(residues: residues, z.channels, config.heads, context) }
    ) { range, scratch in
      let i = range.lowerBound
      input.pairNorm.apply(to: Matrix(z[i]), into: Matrix(scratch.pair), context)
      context.multiply(
        Matrix(scratch.pair), logitWeight, into: Matrix(scratch.logits).transposed,
        .bias(pairLogits.bias))
      operands.addLogits(of: i, to: scratch.logits, mask: input.mask)
      softmaxInPlace(scratch.logits)
      let row = features[i].floats
      operands.gather(i, scratch.logits, frames, into: row)
      context.multiply(
        Matrix(scratch.logits), context.pack(Matrix(scratch.pair)),
        into: Matrix(
          features[i], offset: output.inputs - config.heads * z.channels, rows: config.heads,
          columns: z.channels, rowStride: z.channels))
    }
    return features
  }

  private struct Scratch {
    let pair: Tensor  // [N_res, c_z], normalised row of z
    let logits: Tensor  // [heads, N_res], then weights

    init(residues: Int, _ channels: Int, _ heads: Int, _ context: ExecutionContext) {
      pair = context.empty([residues, channels])
      logits = context.empty([heads, residues])
    }
  }
}
