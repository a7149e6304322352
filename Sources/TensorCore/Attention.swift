import CKernels
import NumericArrays

/// Operands of one batch element of gated attention; see `ExecutionContext.attend`.
public struct AttentionOperands {
  /// Queries `[queries, heads · channels]`.
  public var query: Matrix
  /// Keys `[keys, heads · channels]`.
  public var key: Matrix
  /// Values `[keys, heads · channels]`.
  public var value: Matrix
  /// Gate before its sigmoid, like the queries.
  public var gate: Matrix?
  /// Added to the logits. `[heads, queries, keys]`
  public var bias: Tensor?
  /// 1 where a key is visible. `[keys]` float32
  public var keyMask: Tensor?
  /// Which queries do not attend to which keys; a query that attends to none gets 0.
  public var intervals: AttentionIntervals?
  /// For tests and measurements: also computes the blocks in which no query attends to any key.
  package var visitsHidden = false
  /// Number of heads.
  public var heads: Int

  /// Operands without bias and mask.
  public init(query: Matrix, key: Matrix, value: Matrix, gate: Matrix?, heads: Int) {
    self.query = query
    self.key = key
    self.value = value
    self.gate = gate
    self.heads = heads
  }
}

extension ExecutionContext {
  /// Bytes of scratch of one attention on this machine, for planning.
  public static func attentionScratch(keys: Int, channels: Int) -> Int {
    Int(hf_attention_scratch_size(Int64(keys), Int64(channels)))
  }

  /// Gated attention of one batch element on the calling thread; the logits are never formed.
  ///
  /// `result = softmax(q·kᵀ / √channels + bias + 10⁹ (mask − 1)) v ⊙ sigmoid(gate)`, softmax and sums in fp32.
  public func attend(_ operands: AttentionOperands, into result: Matrix) {
    operands.check(operands.query, isLike: result, "the result")
    operands.withArguments { args in
      var args = args
      args.out = result.base
      args.out_row_stride = Int64(result.rowStride)
      let bytes = hf_attention_scratch_size(args.keys, args.head_dim)
      withScratch(bytes) { hf_attention(&args, 0, args.queries, $0) }
    }
  }
}

/// Where the derivatives of one batch element of gated attention go; see `ExecutionContext.attendBackward`.
public struct AttentionGradients {
  /// Gradient of the queries, overwritten.
  public var query: Matrix
  /// Gradient of the keys, overwritten.
  public var key: Matrix
  /// Gradient of the values, overwritten.
  public var value: Matrix
  /// Gradient of the gate before its sigmoid, overwritten; required if there is a gate.
  public var gate: Matrix?
  /// Gradient of the bias, added to. `[heads, queries, keys]` float32
  public var bias: Tensor?

  /// Gradients without a bias.
  public init(query: Matrix, key: Matrix, value: Matrix, gate: Matrix?) {
    self.query = query
    self.key = key
    self.value = value
    self.gate = gate
  }
}

extension ExecutionContext {
  /// Derivative of `attend` for some of the heads, on the calling thread; the attention itself is computed again.
  ///
  /// - Parameters:
  ///   - outputGradient: gradient of the result, in the type of the queries.
  ///   - result: receives what `attend` computes, which the derivative of a projection after it needs.
  public func attendBackward(
    _ operands: AttentionOperands, outputGradient: Matrix, heads: Range<Int>, result: Matrix,
    into gradients: AttentionGradients
  ) {
    operands.check(gradients, outputGradient: outputGradient, heads: heads, result: result)
    operands.withArguments { forward in
      var args = hf_attention_backward_args()
      args.forward = forward
      args.forward.out = result.base
      args.forward.out_row_stride = Int64(result.rowStride)
      args.dout = UnsafeRawPointer(outputGradient.base)
      args.dout_row_stride = Int64(outputGradient.rowStride)
      (args.dq, args.dq_row_stride) = (gradients.query.base, Int64(gradients.query.rowStride))
      (args.dk, args.dk_row_stride) = (gradients.key.base, Int64(gradients.key.rowStride))
      (args.dv, args.dv_row_stride) = (gradients.value.base, Int64(gradients.value.rowStride))
      args.key_type = gradients.key.dtype.kernel
      if let gate = gradients.gate {
        (args.dgate, args.dgate_row_stride) = (gate.base, Int64(gate.rowStride))
      }
      if let bias = gradients.bias {
        args.dbias = bias.floats
        args.dbias_head_stride = args.forward.queries * args.forward.keys
        args.dbias_row_stride = args.forward.keys
      }
      let bytes = hf_attention_backward_scratch_size(args.forward.keys, args.forward.head_dim)
      withScratch(bytes) { scratch in
        hf_attention_backward(
          &args, Int64(heads.lowerBound), Int64(heads.upperBound), 0, args.forward.queries, scratch)
      }
      withExtendedLifetime((outputGradient, gradients)) {}
    }
    withExtendedLifetime(result) {}
  }
}

extension AttentionOperands {
  /// Calls `body` with the kernel's description of the operands, without a result.
  fileprivate func withArguments(_ body: (hf_attention_args) -> Void) {
    check()
    withExtendedLifetime(self) {
      guard let intervals else { return body(arguments) }
      intervals.runs.withUnsafeBufferPointer { runs in
        var args = arguments
        args.hidden = runs.baseAddress
        args.visits_hidden = visitsHidden
        body(args)
      }
    }
  }

  private var arguments: hf_attention_args {
    let channels = query.columns / heads
    var args = hf_attention_args()
    args.queries = Int64(query.rows)
    args.keys = Int64(key.rows)
    args.heads = Int64(heads)
    args.head_dim = Int64(channels)
    args.type = query.dtype.kernel
    args.q = UnsafeRawPointer(query.base)
    args.k = UnsafeRawPointer(key.base)
    args.v = UnsafeRawPointer(value.base)
    args.q_row_stride = Int64(query.rowStride)
    args.k_row_stride = Int64(key.rowStride)
    args.v_row_stride = Int64(value.rowStride)
    if let bias {
      args.bias = UnsafeRawPointer(bias.base)
      args.bias_type = bias.dtype.kernel
      args.bias_head_stride = args.queries * args.keys
      args.bias_row_stride = args.keys
    }
    args.key_mask = keyMask.map { UnsafePointer($0.floats) }
    if let gate {
      args.gate = UnsafeRawPointer(gate.base)
      args.gate_row_stride = Int64(gate.rowStride)
    }
    args.scale = 1 / Float(channels).squareRoot()
    return args
  }
}

extension AttentionOperands {
  /// Ends the program unless the operands fit each other: the kernel trusts their sizes.
  private func check() {
    programmingError(
      unless: heads > 0 && query.columns % heads == 0,
      "\(query.columns) columns of queries for \(heads) heads")
    check(query, isLike: query, "the queries")
    check(key, isLike: value, "the values")
    programmingError(
      unless: key.columns == query.columns && key.dtype == query.dtype && key.columnStride == 1,
      "keys \(key.description) for queries \(query.description)")
    if let gate { check(query, isLike: gate, "the gate") }
    if let bias {
      programmingError(
        unless: bias.count == heads * query.rows * key.rows,
        "a bias of \(bias.shape) for \(heads) heads, \(query.rows) queries, \(key.rows) keys")
    }
    if let keyMask {
      programmingError(
        unless: keyMask.count == key.rows, "a mask of \(keyMask.shape) for \(key.rows) keys")
    }
    if let intervals {
      programmingError(
        unless: intervals.keys == key.rows,
        "intervals of \(intervals.keys) keys for \(key.rows) keys")
    }
  }

  /// Ends the program unless the gradients fit the operands.
  fileprivate func check(
    _ gradients: AttentionGradients, outputGradient: Matrix, heads: Range<Int>, result: Matrix
  ) {
    programmingError(
      unless: heads.lowerBound >= 0 && heads.upperBound <= self.heads,
      "heads \(heads) of \(self.heads)")
    check(query, isLike: result, "the result")
    check(query, isLike: outputGradient, "the gradient of the result")
    check(query, isLike: gradients.query, "the gradient of the queries")
    check(key, isLike: gradients.key, "the gradient of the keys", ofAnyType: true)
    check(gradients.key, isLike: gradients.value, "the gradient of the values")
    programmingError(
      unless: (gate == nil) == (gradients.gate == nil), "a gate or its gradient is missing")
    if let gate = gradients.gate { check(query, isLike: gate, "the gradient of the gate") }
    if let bias = gradients.bias {
      programmingError(
        unless: bias.count == self.heads * query.rows * key.rows,
        "a gradient of \(bias.shape) for the bias of \(self.heads) heads")
    }
  }

  /// Ends the program unless `other` has the size and type of `model`, and contiguous rows.
  fileprivate func check(
    _ model: Matrix, isLike other: Matrix, _ name: String, ofAnyType: Bool = false
  ) {
    programmingError(
      unless: other.rows == model.rows && other.columns == model.columns
        && (ofAnyType || other.dtype == model.dtype) && other.columnStride == 1,
      "\(name) of attention: expected contiguous rows of \(model.description), got \(other.description)"
    )
  }
}
