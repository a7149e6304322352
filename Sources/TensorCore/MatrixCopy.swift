import CKernels
import NumericArrays

extension ExecutionContext {
  /// Copies the elements of a view into another of the same size, converting their type, on the calling thread.
  ///
  /// Either may be strided in both directions; a transposed view makes this a transposition.
  public func copy(_ x: Matrix, into result: Matrix) {
    if x.rows != result.rows || x.columns != result.columns {
      programmingError(
        "cannot copy [\(x.rows) \(x.columns)] into [\(result.rows) \(result.columns)]")
    }
    withExtendedLifetime((x, result)) {
      hf_copy_matrix(
        Int64(x.rows), Int64(x.columns), x.base, x.dtype.kernel, Int64(x.rowStride),
        Int64(x.columnStride), result.base, result.dtype.kernel, Int64(result.rowStride),
        Int64(result.columnStride))
    }
  }

  /// A contiguous row-major copy of a view, for left operands that are used many times.
  public func contiguous(_ matrix: Matrix, as dtype: DType) -> Tensor {
    let result = empty([matrix.rows, matrix.columns], dtype)
    copy(matrix, into: Matrix(result))
    return result
  }
}
