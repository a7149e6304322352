import NumericArrays
import PlainTensors

/// Random numbers of a named stream: the same name gives the same numbers on every machine.
///
/// SplitMix64, started at the FNV-1a hash of the name.
public struct RandomStream: RandomNumberGenerator {
  private var numbers: SplitMix64

  /// The stream of a name.
  public init(_ name: String) { numbers = SplitMix64(seed: FNV1a(name.utf8).value) }

  /// The next 64 bits.
  public mutating func next() -> UInt64 { numbers.next() }

  /// Uniform in [−1, 1).
  public mutating func symmetric() -> Float {
    Float(Int32(truncatingIfNeeded: next() >> 40) - 0x80_0000) / 0x80_0000
  }

  /// Approximately normal, mean 0, variance 1: the sum of twelve uniform numbers of variance 1/12.
  public mutating func normal() -> Float { (0..<12).reduce(0) { sum, _ in sum + symmetric() } / 2 }
}

/// An array of normal random numbers.
public func randomArray(
  _ shape: [Int], _ name: String, mean: Float = 0, scale: Float = 1
) -> NDArray<Float> {
  var stream = RandomStream(name)
  return NDArray(
    shape: shape, values: (0..<shape.reduce(1, *)).map { _ in mean + scale * stream.normal() })
}

/// Zeros and ones; about one in four is 0 if `holes`.
public func randomMask(_ shape: [Int], _ name: String, holes: Bool) -> NDArray<Float> {
  var stream = RandomStream(name)
  return NDArray(
    shape: shape,
    values: (0..<shape.reduce(1, *)).map { _ in holes && stream.next() % 4 == 0 ? 0 : 1 })
}

extension PlainTensor {
  /// A leaf of normal random numbers.
  public static func random(
    _ shape: [Int], _ name: String, mean: Float = 0, scale: Float = 1
  ) -> PlainTensor {
    PlainTensor(randomArray(shape, name, mean: mean, scale: scale))
  }
}
