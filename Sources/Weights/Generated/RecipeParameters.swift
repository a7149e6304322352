import FoldingCore
import NumericArrays

/// The parameters that the numerical oracle uses: reproducible from key, shape and seed, and nowhere zero.
///
/// Untrained networks start with zeros that hide most of the network; these do not, so that two programs that agree with them agree
/// on every module. Values: `float32(mean + std · √3 · u)` with `u` uniform in [−1, 1).
public struct RecipeParameters: ParameterSource {
  private let shapes: [String: [Int]]
  private let seed: UInt64

  /// The oracle's parameters of a network.
  public init(_ config: FoldingConfig, seed: UInt64) {
    shapes = Dictionary(
      config.parameterManifest.map { ($0.key, $0.shape) }, uniquingKeysWith: { first, _ in first })
    self.seed = seed
  }

  /// The official keys, sorted.
  public var keys: [String] { shapes.keys.sorted() }

  /// Shape of an array, nil if the network has none with that key.
  public func shape(of key: String) -> [Int]? { shapes[key] }

  /// The values of an array.
  public func floats(for key: String) throws -> NDArray<Float> {
    guard let shape = shapes[key] else { throw WeightsError.noSuchArray(file: "recipe", key: key) }
    return Self.array(key: key, shape: shape, seed: seed)
  }

  /// The array of any key and shape.
  public static func array(key: String, shape: [Int], seed: UInt64) -> NDArray<Float> {
    let stream = RandomKey(array: key, seed: seed)
    let (mean, deviation) = moments(key: key, shape: shape)
    let scale = deviation * 3.0.squareRoot()
    let count = shape.reduce(1, *)
    let values = [Float](unsafeUninitializedCapacity: count) { buffer, initialized in
      for index in 0..<count { buffer[index] = Float(mean + scale * stream.symmetric(index)) }
      initialized = count
    }
    return NDArray(shape: shape, values: values)
  }

  /// Mean and standard deviation by the name of the array.
  static func moments(key: String, shape: [Int]) -> (mean: Double, deviation: Double) {
    let name = OfficialKey(key).name
    switch name {
    case "scale", "gating_b": return (1, 0.1)
    case "trainable_point_weights": return (0.541324854612918, 0.1)
    case _ where name == "offset" || name == "bias" || name.hasSuffix("_b"): return (0, 0.1)
    default:
      let block = OfficialKey(key).isStacked ? Array(shape.dropFirst()) : shape
      let fanIn = block.prefix(name == "output_w" ? 2 : 1).reduce(1, *)
      let gain = key.contains("affine_update") ? 0.3 : 1
      return (0, gain / Double(fanIn).squareRoot())
    }
  }
}
