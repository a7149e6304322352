import NeuralNet
import NumericArrays
import TensorCore

/// Random parameters of any key and shape: every array depends on its key only and nothing is zero.
///
/// Scales are near 1, biases near 0, weights normal with a variance of one over the inputs.
public struct RandomParameters: ParameterStore {
  private let pool: BufferPool

  /// Parameters in the memory of a pool.
  public init(pool: BufferPool) { self.pool = pool }

  /// The root of a tree of random parameters.
  public static func scope(_ matrixType: DType, _ pool: BufferPool) -> ParameterScope {
    ParameterScope(RandomParameters(pool: pool), path: "random", matrixType: matrixType)
  }

  /// The array of a key.
  public func parameter(_ key: String, shape: [Int], dtype: DType) throws -> Tensor {
    Tensor(Self.array(key, shape: shape), dtype, pool: pool)
  }

  /// The values of a key.
  public static func array(_ key: String, shape: [Int]) -> NDArray<Float> {
    if key.hasSuffix("scale") || key.hasSuffix("gating_b") {
      return randomArray(shape, key, mean: 1, scale: 0.2)
    }
    if key.hasSuffix("offset") || key.hasSuffix("bias") || key.hasSuffix("_b") || shape.count == 1 {
      return randomArray(shape, key, scale: 0.2)
    }
    let inputs = key.hasSuffix("output_w") ? shape.dropLast().suffix(2).reduce(1, *) : shape[0]
    let gain: Float = key.contains("affine_update") ? 0.3 : 1
    return randomArray(shape, key, scale: gain / Float(max(1, inputs)).squareRoot())
  }
}
