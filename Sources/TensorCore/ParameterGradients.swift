extension ExecutionContext {
  /// Rows of one partial product of a weight gradient; a constant, so that sums have one order.
  private static let gradientRows = 1024

  /// `result += xᵀ · y`, summed over rows in fixed order; all workers share the rows of the result.
  ///
  /// - Shapes: x `[rows, in]`, y `[rows, out]`, result `[in, out]` fp32
  public func addProduct(transposed x: Matrix, _ y: Matrix, into result: Matrix) {
    var accumulating = Epilogue()
    accumulating.accumulates = true
    for start in stride(from: 0, to: x.rows, by: Self.gradientRows) {
      let rows = start..<min(start + Self.gradientRows, x.rows)
      let left = x.rows(rows).transposed
      let packed = pack(y.rows(rows))
      tiles(left.rows, tile: 64, scratch: {}) { range, _ in
        multiply(left.rows(range), packed, into: result.rows(range), accumulating)
      }
    }
  }

  /// `result[j] += Σ_i y[i, j]`, in the order of the rows.
  ///
  /// - Shapes: y `[rows, out]`, result `[out]` fp32
  public func addColumnSums(of y: Matrix, into result: Tensor) {
    if y.columnStride != 1 { shapeError("column sums need rows that are contiguous") }
    workers.split(y.columns, unit: 16) { columns in
      let sums = result.floats + columns.lowerBound
      withExtendedLifetime(y) {
        for row in 0..<y.rows { y.addRow(row, columns, to: sums) }
      }
    }
  }
}

extension Matrix {
  /// `sum[c] += self[row, c]` for some columns.
  fileprivate func addRow(_ row: Int, _ columns: Range<Int>, to sum: UnsafeMutablePointer<Float>) {
    let start = row * rowStride + columns.lowerBound
    switch dtype {
    case .float32:
      let source = base.assumingMemoryBound(to: Float.self) + start
      for c in 0..<columns.count { sum[c] += source[c] }
    case .bfloat16:
      let source = base.assumingMemoryBound(to: UInt16.self) + start
      for c in 0..<columns.count { sum[c] += Float(bitPattern: UInt32(source[c]) << 16) }
    }
  }
}
