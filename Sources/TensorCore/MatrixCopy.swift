import CKernels
import NumericArrays

extension ExecutionContext {
  /// Copies the elements of a view into another of the same size, converting their type, on the calling thread.
  ///
  /// Either may be strided in both directions; a transposed view makes this a transposition, in blocks that fit the cache.
  public func copy(_ x: Matrix, into result: Matrix) {
    if x.rows != result.rows || x.columns != result.columns {
      shapeError(
        "cannot copy [\(x.rows) \(x.columns)] into [\(result.rows) \(result.columns)]")
    }
    withExtendedLifetime((x, result)) {
      if x.columnStride == 1 && result.columnStride == 1 { return x.copyRows(into: result) }
      switch (x.dtype, result.dtype) {
      case (.float32, .float32): x.copyBlocks(into: result) { (value: Float) in value }
      case (.float32, .bfloat16): x.copyBlocks(into: result) { (value: Float) in BFloat16(value) }
      case (.bfloat16, .float32): x.copyBlocks(into: result) { (value: BFloat16) in Float(value) }
      case (.bfloat16, .bfloat16): x.copyBlocks(into: result) { (value: BFloat16) in value }
      }
    }
  }
}

/// Side of the square blocks of a transposition: 16 fp32 numbers are a cache line.
private let blockSide = 16

extension Matrix {
  fileprivate func copyRows(into result: Matrix) {
    for row in 0..<rows {
      hf_convert(
        Int64(columns), base + row * rowStride * dtype.byteCount, dtype.kernel,
        result.base + row * result.rowStride * result.dtype.byteCount, result.dtype.kernel)
    }
  }

  @inline(__always)
  fileprivate func copyBlocks<Source, Target>(
    into result: Matrix, _ convert: (Source) -> Target
  ) {
    let source = base.assumingMemoryBound(to: Source.self)
    let target = result.base.assumingMemoryBound(to: Target.self)
    for rowStart in stride(from: 0, to: rows, by: blockSide) {
      for columnStart in stride(from: 0, to: columns, by: blockSide) {
        for row in rowStart..<min(rowStart + blockSide, rows) {
          let from = source + row * rowStride
          let to = target + row * result.rowStride
          for column in columnStart..<min(columnStart + blockSide, columns) {
            to[column * result.columnStride] = convert(from[column * columnStride])
          }
        }
      }
    }
  }
}
