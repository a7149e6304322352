import TensorCore

/// Gated multi-head attention: the part that row, column and triangle attention share.
///
/// Jumper et al. 2021, Suppl. 1.6.1–1.6.6. Query, key, value and gate projections are one product;
/// logits live in registers and cache only.
public struct GatedAttention: Sendable {
  let query: Tensor  // [c, heads, channels]
  let key: Tensor
  let value: Tensor
  let gate: Tensor
  let gateBias: Tensor  // [heads, channels]
  let output: Tensor  // [heads, channels, c]
  let outputBias: Tensor  // [c]

  /// The layer under `scope` for an input of `inputs` channels.
  public init(_ scope: ParameterScope, inputs: Int, heads: Int, headChannels: Int) throws {
    let shape = [inputs, heads, headChannels]
    self.query = try scope.matrix("query_w", shape)
    self.key = try scope.matrix("key_w", shape)
    self.value = try scope.matrix("value_w", shape)
    self.gate = try scope.matrix("gating_w", shape)
    self.gateBias = try scope.vector("gating_b", [heads, headChannels])
    self.output = try scope.matrix("output_w", [heads, headChannels, inputs])
    self.outputBias = try scope.vector("output_b", [inputs])
  }

  var inputs: Int { query.shape[0] }
  /// Number of heads.
  public var heads: Int { query.shape[1] }
  var width: Int { query.shape[1] * query.shape[2] }

  /// `x += attention(norm(x))` along `axes`, in place.
  ///
  /// - Parameters:
  ///   - bias: added to the logits of every attention, `[heads, positions, positions]`.
  ///   - mask: which positions are visible, per batch element.
  ///   - intervals: which positions do not attend to which, the same for all batch elements: proteins packed side by side, say.
  ///   - dropoutFactors: factors on what is added, shared by the batch. `[positions, inputs]`
  public func update(
    _ x: Tensor, along axes: AttentionAxes, norm: LayerNorm, bias: Tensor?, mask: PositionMask,
    intervals: AttentionIntervals? = nil, dropoutFactors: Tensor? = nil, _ context: ExecutionContext
  ) {
    context.recordAxial { context in
      if let bias { context.allReduce(context.gradient(of: bias)) }
      axes.allGather(context.gradient(of: x), context)
    }
    context.record(updating: x) { input, gradient, context in
      let pass = GatedAttentionBackward(
        layer: self, norm: norm, axes: axes, bias: bias, mask: mask, intervals: intervals,
        dropoutFactors: dropoutFactors)
      pass.run(input, gradient, context)
    }
    let projection = context.pack(mergedProjection(context))
    let projectionBias = mergedBias(context)
    let outputWeight = context.pack(
      Matrix(output, rows: width, columns: inputs, rowStride: inputs))
    var residual = Epilogue.bias(outputBias)
    residual.multiplier = dropoutFactors.map { Matrix($0) }
    residual.accumulates = true
    let positions = axes.positions
    context.tiles(
      context.axialShare(of: axes.batch), tile: 1,
      scratch: {
        (
          normed: context.empty([positions, inputs]),
          projected: context.empty([positions, 4 * width]),
          attended: context.empty([positions, width])
        )
      }
    ) { batch, scratch in
      let slice = axes.slice(x, batch.lowerBound)
      norm.apply(to: slice, into: Matrix(scratch.normed), context)
      context.multiply(
        Matrix(scratch.normed), projection, into: Matrix(scratch.projected), .bias(projectionBias))
      let operands = operands(
        in: Matrix(scratch.projected), bias: bias, keyMask: mask[batch.lowerBound], intervals)
      context.attend(operands, into: Matrix(scratch.attended))
      context.multiply(Matrix(scratch.attended), outputWeight, into: slice, residual)
    }
    axes.allGather(x, context)
  }

  /// What attention takes from the merged projection of one batch element.
  func operands(
    in projected: Matrix, bias: Tensor?, keyMask: Tensor, _ intervals: AttentionIntervals?
  ) -> AttentionOperands {
    let parts = parts(of: projected)
    var operands = AttentionOperands(
      query: parts[0], key: parts[1], value: parts[2], gate: parts[3], heads: heads)
    operands.bias = bias
    operands.keyMask = keyMask
    operands.intervals = intervals
    return operands
  }

  /// Columns of query, key, value and gate in `[rows, 4 · heads · channels]`.
  func parts(of merged: Matrix) -> [Matrix] {
    (0..<4).map { merged.columns($0 * width..<($0 + 1) * width) }
  }

  /// `[c, 4 · heads · channels]`: query, key, value, gate side by side.
  func mergedProjection(_ context: ExecutionContext) -> Matrix {
    let merged = context.empty([inputs, 4 * width], query.dtype)
    let bytes = width * query.dtype.byteCount
    for (part, source) in [query, key, value, gate].enumerated() {
      for row in 0..<inputs {
        (merged.base + (row * 4 + part) * bytes).copyMemory(
          from: source.base + row * bytes, byteCount: bytes)
      }
    }
    return Matrix(merged)
  }

  func mergedBias(_ context: ExecutionContext) -> Tensor {
    let bias = context.zeros([4 * width], .float32)
    (bias.base + 3 * width * 4).copyMemory(from: gateBias.base, byteCount: width * 4)
    return bias
  }
}
