import NeuralNet
import TensorCore

extension ExecutionContext {
  /// `max(x, 0)` as a new tensor.
  func rectified(_ x: Tensor) -> Tensor {
    let result = copyShared(x)
    for index in 0..<result.count { result.floats[index] = max(result.floats[index], 0) }
    return result
  }

  /// Derivative of `y = max(x, 0)`, in place: zero where y is.
  func rectifyGradient(_ gradient: Tensor, of y: Tensor) {
    for index in 0..<y.count where y.floats[index] <= 0 { gradient.floats[index] = 0 }
  }

  /// `x *= mask`, element by element; nothing without a mask.
  func scale(_ x: Tensor, by mask: Tensor?) {
    guard let mask else { return }
    for index in 0..<x.count { x.floats[index] *= mask.floats[index] }
  }
}
