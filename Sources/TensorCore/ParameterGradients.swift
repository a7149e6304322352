import CKernels
import NumericArrays

extension ExecutionContext {
  /// Rows of one partial product of a weight gradient; a constant, so that sums have one order.
  private static let partialProductRows = 1024
  /// Rows of the result below which workers share its columns instead.
  private static let sharedRows = 16

  /// `result += xᵀ · y`, summed over rows in fixed order; all workers share the elements of the result.
  ///
  /// - Shapes: x `[rows, in]`, y `[rows, out]`, result `[in, out]` fp32
  public func addProduct(transposed x: Matrix, _ y: Matrix, into result: Matrix) {
    var accumulating = Epilogue()
    accumulating.accumulates = true
    let sharesColumns = x.columns < Self.sharedRows * workers.count && backend == .native
    chunks(x.rows, of: Self.partialProductRows) { rows in
      let left = x.rows(rows).transposed
      let right = packShared(y.rows(rows))
      if sharesColumns {
        workers.split(y.columns, unit: Self.columnUnit) { range in
          multiply(left, right.columns(range), into: result.columns(range), accumulating)
        }
      } else {
        workers.split(left.rows) { range in
          multiply(left.rows(range), right, into: result.rows(range), accumulating)
        }
      }
    }
  }

  /// Rows whose columns are summed side by side; a constant, so that sums have one order.
  private static let columnSumRows = 512

  /// `result[j] += Σ_i y[i, j]`, in fixed order.
  ///
  /// - Shapes: y `[rows, out]`, result `[out]` fp32
  public func addColumnSums(of y: Matrix, into result: Tensor) {
    if y.columnStride != 1 { programmingError("column sums need rows that are contiguous") }
    if y.columns != result.count {
      programmingError("\(y.columns) columns do not fill \(result.shape)")
    }
    addPartialSums(rows: y.rows, step: Self.columnSumRows, into: [result]) { range, sums in
      let y = y.rows(range)
      withExtendedLifetime(y) {
        hf_add_column_sums(
          Int64(y.rows), Int64(y.columns), y.base, y.dtype.kernel, Int64(y.rowStride),
          sums[0].floats)
      }
    }
  }
}
