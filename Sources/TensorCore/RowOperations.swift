import CKernels
import NumericArrays

/// Added to the variance in every layer norm of the network.
public let layerNormEpsilon: Float = 1e-5

extension ExecutionContext {
  /// Layer norm of rows: `result[i, :] = (x − mean) / √(var + 1e-5) · scale + offset`.
  ///
  /// Statistics are fp32 whatever the storage type. Rows may be strided; the columns of a row must be contiguous.
  public func layerNorm(_ x: Matrix, scale: Tensor, offset: Tensor, into result: Matrix) {
    withExtendedLifetime((x, scale, offset, result)) {
      checkNorm(x, scale, offset, result, rows: x.rows, columns: x.columns)
      hf_layer_norm(
        Int64(x.rows), Int64(x.columns), x.base, x.dtype.kernel, Int64(x.rowStride), scale.floats,
        offset.floats, layerNormEpsilon, result.base, result.dtype.kernel, Int64(result.rowStride))
    }
  }

  /// Layer norm over the rows of a channel-major slice `x [channels, points]`; writes `[points, channels]`.
  public func layerNormChannels(_ x: Matrix, scale: Tensor, offset: Tensor, into result: Matrix) {
    withExtendedLifetime((x, scale, offset, result)) {
      checkNorm(x, scale, offset, result, rows: x.columns, columns: x.rows)
      hf_layer_norm_channels(
        Int64(x.columns), Int64(x.rows), x.base, x.dtype.kernel, Int64(x.rowStride), scale.floats,
        offset.floats, layerNormEpsilon, result.base, result.dtype.kernel, Int64(result.rowStride))
    }
  }

  /// Ends the program unless the operands of a norm that writes `[rows, columns]` fit: the kernel trusts their sizes.
  private func checkNorm(
    _ x: Matrix, _ scale: Tensor, _ offset: Tensor, _ result: Matrix, rows: Int, columns: Int
  ) {
    programmingError(
      unless: x.columnStride == 1 && result.columnStride == 1, "layer norm needs whole rows")
    programmingError(
      unless: scale.count == columns && offset.count == columns && result.rows == rows
        && result.columns == columns,
      "layer norm of \(x.description) with a scale of \(scale.shape), an offset of \(offset.shape) into \(result.description)"
    )
  }

  /// Converts element by element; both have the same number of elements.
  public func copy(_ x: Tensor, into result: Tensor) {
    if x.count != result.count { programmingError("cannot copy \(x.shape) into \(result.shape)") }
    workers.split(x.count, unit: 4096) { range in
      hf_convert(
        Int64(range.count), x.base + range.lowerBound * x.dtype.byteCount, x.dtype.kernel,
        result.base + range.lowerBound * result.dtype.byteCount, result.dtype.kernel)
    }
  }

  /// A copy in a type of its own.
  public func copy(_ x: Tensor, as dtype: DType? = nil) -> Tensor {
    let result = empty(x.shape, dtype ?? x.dtype)
    copy(x, into: result)
    return result
  }

  /// `result += x`, element by element.
  public func add(_ x: Tensor, into result: Tensor) {
    if x.count != result.count { programmingError("cannot add \(x.shape) to \(result.shape)") }
    workers.split(x.count, unit: 4096) { range in
      hf_add(
        Int64(range.count), x.base + range.lowerBound * x.dtype.byteCount, x.dtype.kernel,
        result.base + range.lowerBound * result.dtype.byteCount, result.dtype.kernel)
    }
  }
}

extension Tensor {
  /// `sum[c] += factor * self[row, c]` in fp32.
  public func add(row: Int, times factor: Float, to sum: UnsafeMutablePointer<Float>) {
    let width = channels
    switch dtype {
    case .float32:
      let source = floats + row * width
      for c in 0..<width { sum[c] += factor * source[c] }
    case .bfloat16:
      let source = base.assumingMemoryBound(to: UInt16.self) + row * width
      for c in 0..<width { sum[c] += factor * Float(bitPattern: UInt32(source[c]) << 16) }
    }
  }
}

/// Softmax over the last axis of a float32 tensor, in place; a row of −∞ becomes zeros.
public func softmaxInPlace(_ x: Tensor) {
  let columns = x.channels
  if columns == 0 { return }
  hf_softmax(Int64(x.count / columns), Int64(columns), x.floats, Int64(columns))
}

/// Softmax of a few numbers, in place.
public func softmaxInPlace(_ logits: UnsafeMutableBufferPointer<Float>) {
  guard let base = logits.baseAddress else { return }
  hf_softmax(1, Int64(logits.count), base, Int64(logits.count))
}

extension ExecutionContext {
  /// Whether no element is infinite or NaN.
  public func isFinite(_ x: Tensor) -> Bool {
    let parts = workers.count
    let bad = zeros([parts * 16], .float32)  // a cache line per worker
    workers.run { worker in
      let range = x.count * worker / parts..<x.count * (worker + 1) / parts
      var isBad = false
      switch x.dtype {
      case .float32:
        let bits = x.base.assumingMemoryBound(to: UInt32.self)
        for index in range { isBad = isBad || bits[index] & 0x7F80_0000 == 0x7F80_0000 }
      case .bfloat16:
        let bits = x.base.assumingMemoryBound(to: UInt16.self)
        for index in range { isBad = isBad || bits[index] & 0x7F80 == 0x7F80 }
      }
      if isBad { bad.floats[worker * 16] = 1 }
    }
    return (0..<parts).allSatisfy { bad.floats[$0 * 16] == 0 }
  }
}
