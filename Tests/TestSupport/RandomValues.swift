import NumericArrays
import PlainTensors

/// Random numbers of a named stream: the same name gives the same numbers on every machine.
///
/// SplitMix64 (Steele, Lea and Flood, OOPSLA 2014), started at the FNV-1a hash of the name.
public struct RandomStream: RandomNumberGenerator {
  private var state: UInt64

  /// The stream of a name.
  public init(_ name: String) {
    state = name.utf8.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
  }

  /// The next 64 bits.
  public mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var z = state
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return z ^ (z >> 31)
  }

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
