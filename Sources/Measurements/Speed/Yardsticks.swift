import Foundation
import NumericArrays
import TensorCore

/// Speed of one large matrix product on one core: the reference for all shares of peak speed.
enum ProductPeak {
  /// Operations per second: best of ten products of 512 × 512 × 512.
  static func measure(_ storage: DType) -> Double {
    let context = ExecutionContext(
      workers: WorkerGroup(count: 1), pool: BufferPool(), storage: storage)
    let side = 512
    let a = context.zeros([side, side], context.operandType)
    let packed = context.pack(Matrix(a))
    let c = context.empty([side, side], .float32)
    var best = Double.infinity
    for _ in 0..<10 {
      let start = ContinuousClock.now
      context.multiply(Matrix(a), packed, into: Matrix(c))
      best = min(best, (ContinuousClock.now - start).seconds)
    }
    return 2 * Double(side * side * side) / best
  }
}

extension NDArray<Float> {
  /// Meaningless numbers from −1 to 1, the same in every run; `first` is the index of the first one in a larger array.
  static func meaningless(_ shape: [Int], seed: Int = 0, first: Int = 0) -> NDArray<Float> {
    let count = shape.reduce(1, *)
    let values = (first..<first + count).map { (index: Int) -> Float in
      let step = (index &* 7919 &+ seed &* 104_729) % 2003
      return Float(step) / 1001.5 - 1
    }
    return NDArray(shape: shape, values: values)
  }
}

extension Tensor {
  /// Fills with meaningless numbers from −1 to 1, a slice at a time.
  func fillMeaninglessly() {
    let pool = BufferPool()
    let slice = Array(shape.dropFirst())
    let count = slice.reduce(1, *)
    for index in 0..<shape[0] {
      self[index].assign(Tensor(.meaningless(slice, first: index * count), pool: pool))
    }
  }
}
