import CKernels
import NumericArrays

// Element by element on the rows of views, on the calling thread.

extension ExecutionContext {
  /// `result += x`.
  public func add(_ x: Matrix, into result: Matrix) { forEachRow(x, result, hf_add) }

  /// `result *= x`.
  public func multiplyElements(_ x: Matrix, into result: Matrix) {
    forEachRow(x, result, hf_multiply)
  }

  /// Turns the gradient of `y = activation(…)` into that of the activation's argument: `dy *= activation'`.
  public func applyDerivative(of activation: Epilogue.Activation, result y: Matrix, to dy: Matrix) {
    switch activation {
    case .none: break
    case .relu: forEachRow(y, dy, hf_relu_gradient)
    case .sigmoid: forEachRow(y, dy, hf_sigmoid_gradient)
    }
  }

  private typealias Kernel = (
    Int64, UnsafeRawPointer?, hf_dtype, UnsafeMutableRawPointer?, hf_dtype
  ) -> Void

  private func forEachRow(_ x: Matrix, _ y: Matrix, _ kernel: Kernel) {
    if x.rows != y.rows || x.columns != y.columns || x.columnStride != 1 || y.columnStride != 1 {
      programmingError(
        "rows of [\(x.rows) \(x.columns)] do not match those of [\(y.rows) \(y.columns)]")
    }
    withExtendedLifetime((x, y)) {
      for row in 0..<x.rows {
        kernel(
          Int64(x.columns), x.base + row * x.rowStride * x.dtype.byteCount, x.dtype.kernel,
          y.base + row * y.rowStride * y.dtype.byteCount, y.dtype.kernel)
      }
    }
  }
}
