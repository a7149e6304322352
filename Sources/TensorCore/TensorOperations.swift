import CKernels
import NumericArrays

extension ExecutionContext {
  /// Converts element by element; both have the same number of elements.
  public func copyShared(_ x: Tensor, into result: Tensor) {
    if x.count != result.count { programmingError("cannot copy \(x.shape) into \(result.shape)") }
    workers.split(x.count, unit: 4096) { range in
      hf_convert(
        Int64(range.count), x.base + range.lowerBound * x.dtype.byteCount, x.dtype.kernel,
        result.base + range.lowerBound * result.dtype.byteCount, result.dtype.kernel)
    }
  }

  /// A copy, in the same type unless another is given.
  public func copyShared(_ x: Tensor, as dtype: DType? = nil) -> Tensor {
    let result = empty(x.shape, dtype ?? x.dtype)
    copyShared(x, into: result)
    return result
  }

  /// `result += x`, element by element.
  public func addShared(_ x: Tensor, into result: Tensor) {
    if x.count != result.count { programmingError("cannot add \(x.shape) to \(result.shape)") }
    workers.split(x.count, unit: 4096) { range in
      hf_add(
        Int64(range.count), x.base + range.lowerBound * x.dtype.byteCount, x.dtype.kernel,
        result.base + range.lowerBound * result.dtype.byteCount, result.dtype.kernel)
    }
  }

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
