import FoldingCore
import NeuralNet
import TensorCore

/// Global column attention: one averaged query per residue lets thousands of extra sequences be read cheaply.
///
/// Algorithm 19 (Jumper et al. 2021, Suppl. 1.7.2).
///
/// - Shapes: m `[N_extra, N_res, c_e]` → m; N_extra may be 0
struct MSAColumnGlobalAttention: Sendable {
  let norm: LayerNorm
  let query: Tensor  // [c, heads, channels]
  let key, value: Tensor  // [c, channels], shared by the heads
  let gate: Tensor  // [c, heads, channels]
  let gateBias: Tensor
  let output: Tensor  // [heads, channels, c]
  let outputBias: Tensor

  init(_ scope: ParameterScope, msa: Int, _ config: EvoformerConfig) throws {
    let scope = scope.scope("msa_column_global_attention")
    let (heads, channels) = (config.msaHeads, config.msaHeadChannels)
    self.norm = try LayerNorm(scope.scope("query_norm"), msa)
    let attention = scope.scope("attention")
    self.query = try attention.matrix("query_w", [msa, heads, channels])
    self.key = try attention.matrix("key_w", [msa, channels])
    self.value = try attention.matrix("value_w", [msa, channels])
    self.gate = try attention.matrix("gating_w", [msa, heads, channels])
    self.gateBias = try attention.vector("gating_b", [heads, channels])
    self.output = try attention.matrix("output_w", [heads, channels, msa])
    self.outputBias = try attention.vector("output_b", [msa])
  }

  /// `m += attention(m)`, in place.
  func update(_ m: Tensor, mask: PositionMask, _ context: ExecutionContext) {
    let (sequences, residues, c) = (m.shape[0], m.shape[1], m.shape[2])
    if sequences == 0 { return }
    context.recordAxial { context in
      context.allGather(context.gradient(of: m), outer: sequences, count: residues)
    }
    context.record(updating: m) { input, gradient, context in
      backward(input, mask: mask, gradient, context)
    }
    let (heads, channels) = (query.shape[1], query.shape[2])
    let width = heads * channels
    let weights = Weights(
      query: context.copyShared(query, as: .float32),
      key: context.pack(Matrix(key)), value: context.pack(Matrix(value)),
      gate: context.pack(Matrix(gate.reshaped([c, width]))),
      output: context.pack(Matrix(output.reshaped([width, c]))))
    context.tiles(
      context.axialShare(of: residues), tile: 1,
      scratch: { Scratch(sequences: sequences, c, heads, channels, context) }
    ) { residue, scratch in
      let column = Matrix(
        m, offset: residue.lowerBound * c, rows: sequences, columns: c, rowStride: residues * c)
      let normed = Matrix(scratch.normed)
      norm.apply(to: column, into: normed, context)  // line 1
      let visible = mask[residue.lowerBound]
      averagedQuery(scratch, visible, weights.query)  // lines 2–3
      context.multiply(normed, weights.key, into: Matrix(scratch.keys))  // line 2
      context.multiply(normed, weights.value, into: Matrix(scratch.values))  // line 2
      attend(scratch, visible)  // lines 5–6
      var gating = Epilogue.bias(gateBias.reshaped([width]))
      gating.activation = .sigmoid
      gating.columnScale = scratch.attended
      context.multiply(normed, weights.gate, into: Matrix(scratch.gated), gating)  // lines 4, 6
      var residual = Epilogue.bias(outputBias)
      residual.accumulates = true
      context.multiply(Matrix(scratch.gated), weights.output, into: column, residual)  // line 7
    }
    context.allGather(m, outer: sequences, count: residues)
  }

  private struct Weights {
    let query: Tensor  // [c, heads, channels] fp32
    let key, value, gate, output: PackedMatrix
  }

  private struct Scratch {
    let normed, gated: Tensor
    let keys, values: Tensor  // [sequences, channels] fp32
    let mean: Tensor  // [c] fp32
    let query, attended: Tensor  // [heads · channels] fp32
    let logits: Tensor  // [sequences] fp32

    init(sequences: Int, _ c: Int, _ heads: Int, _ channels: Int, _ context: ExecutionContext) {
      normed = context.empty([sequences, c])
      gated = context.empty([sequences, heads * channels])
      keys = context.empty([sequences, channels], .float32)
      values = context.empty([sequences, channels], .float32)
      mean = context.empty([c], .float32)
      query = context.empty([heads * channels], .float32)
      attended = context.empty([heads * channels], .float32)
      logits = context.empty([sequences], .float32)
    }
  }

  /// The masked mean over sequences, projected and scaled; 10⁻¹⁰ keeps an empty column finite.
  private func averagedQuery(_ scratch: Scratch, _ mask: Tensor, _ weights: Tensor) {
    let (sequences, c) = (scratch.normed.shape[0], scratch.normed.shape[1])
    let width = scratch.query.count
    let (mean, query) = (scratch.mean.floats, scratch.query.floats)
    var total: Float = 1e-10
    for channel in 0..<c { mean[channel] = 0 }
    for sequence in 0..<sequences where mask.floats[sequence] != 0 {
      total += mask.floats[sequence]
      scratch.normed.add(row: sequence, times: mask.floats[sequence], to: mean)
    }
    let scale = 1 / Float(headChannels).squareRoot()
    for h in 0..<width { query[h] = 0 }
    for channel in 0..<c {
      let x = mean[channel] / total * scale
      for h in 0..<width { query[h] += x * weights.floats[channel * width + h] }
    }
  }

  var headChannels: Int { query.shape[2] }

  /// Softmax over sequences for each head, and the weighted mean of the values.
  private func attend(_ scratch: Scratch, _ mask: Tensor) {
    let sequences = scratch.logits.count
    let channels = headChannels
    let (logits, keys, values) = (
      scratch.logits.floats, scratch.keys.floats, scratch.values.floats
    )
    for head in 0..<query.shape[1] {
      let q = scratch.query.floats + head * channels
      for s in 0..<sequences {
        var sum: Float = 0
        for d in 0..<channels { sum += q[d] * keys[s * channels + d] }
        logits[s] = sum + 1e9 * (mask.floats[s] - 1)
      }
      softmaxInPlace(scratch.logits)
      let result = scratch.attended.floats + head * channels
      for d in 0..<channels { result[d] = 0 }
      for s in 0..<sequences {
        for d in 0..<channels { result[d] += logits[s] * values[s * channels + d] }
      }
    }
  }
}
