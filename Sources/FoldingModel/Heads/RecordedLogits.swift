import NeuralNet
import TensorCore

extension Linear {
  /// Rows whose derivative is computed at a time; a constant, so that sums have one order.
  private static let rowsAtATime = 8192

  /// The layer applied to a representation of any storage, in fp32, with its derivative recorded.
  ///
  /// - Parameter x: must not change before the tape is replayed.
  /// - Shapes: x `[…, in]` → `[…, out]` fp32
  func logits(of x: Tensor, _ context: ExecutionContext) -> Tensor {
    let fp32Unrecorded = context.storing(.float32).unrecorded
    let result = fp32Unrecorded.empty(Array(x.shape.dropLast()) + [outputs])
    applyShared(to: Matrix(x), into: Matrix(result), fp32Unrecorded)
    context.record { context in
      addGradient(of: x, from: context.gradient(of: result), context)
    }
    return result
  }

  /// Adds the gradient of the input and of the parameters, given that of the result.
  ///
  /// - Shapes: x `[…, in]`, gradient `[…, out]`
  func addGradient(of x: Tensor, from gradient: Tensor, _ context: ExecutionContext) {
    let context = context.storing(.float32)
    let rows = x.count / max(1, inputs)
    let sum = context.gradient(of: x).reshaped([rows, inputs])
    let (x, gradient) = (x.reshaped([rows, inputs]), gradient.reshaped([rows, outputs]))
    context.chunks(rows, of: Self.rowsAtATime) { range in
      backward(
        input: Matrix(context.copyShared(x[range], as: .float32)),
        outputGradient: Matrix(gradient[range]), into: Matrix(sum[range]), accumulates: true,
        context)
    }
  }
}
