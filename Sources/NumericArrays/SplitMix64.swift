/// SplitMix64 (Steele, Lea and Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014).
///
/// A seed gives the same numbers on every machine. The finaliser alone, over a key and a counter, makes draws that depend on
/// nothing else, neither state nor order nor threads.
public struct SplitMix64: Sendable {
  @usableFromInline var state: UInt64

  /// The stream of a seed.
  @inlinable
  public init(seed: UInt64) { state = seed }

  /// The next 64 bits.
  @inlinable
  public mutating func next() -> UInt64 {
    state &+= Self.increment
    return Self.mixed(state)
  }

  /// 2⁶⁴ divided by the golden ratio, odd: the increment of the state.
  @inlinable
  public static var increment: UInt64 { 0x9E37_79B9_7F4A_7C15 }

  /// The finaliser (Stafford's variant 13): a bijection in which each bit of the result depends on every bit of the argument.
  @inlinable @inline(__always)
  public static func mixed(_ x: UInt64) -> UInt64 {
    var z = x
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}
