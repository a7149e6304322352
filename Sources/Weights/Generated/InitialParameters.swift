import FoldingCore
import NumericArrays

/// Parameters of an untrained network, drawn as the released code draws them before training.
///
/// Linear maps: normal cut at two deviations, variance 1 / fan-in (2 / fan-in before ReLU). Queries, keys and values: Glorot
/// uniform. Gates start open (weights 0, bias 1) and every residual branch ends in zeros, so that a fresh block changes nothing.
/// Every array depends only on its key and the seed.
///
/// Departures: Glorot's fans are those of the matrix `[in, heads · channels]`, where haiku counts head axes as a
/// receptive field; pair biases are cut at two deviations as well.
public struct InitialParameters: ParameterSource {
  /// Standard deviation of a standard normal cut at ± 2.
  private static let truncatedDeviation = 0.8796256610342398

  private let specs: [String: ParameterSpec]
  private let seed: UInt64

  /// Fresh parameters of a network.
  public init(_ config: FoldingConfig, seed: UInt64) {
    specs = Dictionary(
      config.parameterManifest.map { ($0.key, $0) }, uniquingKeysWith: { first, _ in first })
    self.seed = seed
  }

  /// The official keys, sorted.
  public var keys: [String] { specs.keys.sorted() }

  /// Shape of an array, nil if the network has none with that key.
  public func shape(of key: String) -> [Int]? { specs[key]?.shape }

  /// The values of an array.
  public func floats(for key: String) throws -> NDArray<Float> {
    guard let spec = specs[key] else {
      throw WeightsError.noSuchArray(file: "initial parameters", key: key)
    }
    let stream = RandomKey(array: "initial//" + key, seed: seed)
    let fanIn = Double(spec.blockShape.prefix(spec.inputAxes).reduce(1, *))
    let fanOut = Double(spec.blockShape.dropFirst(spec.inputAxes).reduce(1, *))
    switch spec.start {
    case .constant(let value): return NDArray(repeating: value, shape: spec.shape)
    case .truncatedNormal(let scale):
      let deviation = (Double(scale) / fanIn).squareRoot() / Self.truncatedDeviation
      return filled(spec) { Float(deviation * stream.truncatedNormal($0)) }
    case .glorotUniform:
      let limit = (6 / (fanIn + fanOut)).squareRoot()
      return filled(spec) { Float(limit * stream.symmetric($0)) }
    }
  }

  private func filled(_ spec: ParameterSpec, _ value: (Int) -> Float) -> NDArray<Float> {
    let values = [Float](unsafeUninitializedCapacity: spec.count) { buffer, initialized in
      for index in 0..<spec.count { buffer[index] = value(index) }
      initialized = spec.count
    }
    return NDArray(shape: spec.shape, values: values)
  }
}
