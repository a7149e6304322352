#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Random numbers that depend on a key, a seed and a place only: no state, no order, no threads.
///
/// SplitMix64 (Steele, Lea & Flood 2014) started from FNV-1a of the key, as in the oracle's recipe.
struct KeyedStream: Sendable {
  /// 2⁶⁴ divided by the golden ratio, the increment of SplitMix64.
  private static let increment: UInt64 = 0x9E37_79B9_7F4A_7C15

  private let start: UInt64

  /// The stream of a key.
  init(key: String, seed: UInt64) {
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    for byte in key.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
    start = Self.mix(hash &+ seed &* Self.increment)
  }

  /// The draw at `index`, 64 random bits.
  func bits(_ index: Int) -> UInt64 {
    Self.mix(start &+ UInt64(truncatingIfNeeded: index &+ 1) &* Self.increment)
  }

  /// The draw at `index` in [−1, 1), a multiple of 2⁻²³.
  func symmetric(_ index: Int) -> Double { Double(bits(index) >> 40) * 0x1p-23 - 1 }

  /// A normal draw at `index`, cut at two standard deviations: Box–Muller, repeated until inside.
  func truncatedNormal(_ index: Int) -> Double {
    let own = bits(index)
    for attempt in UInt64(0)... {
      let radius = Self.mix(own &+ (2 &* attempt &+ 1) &* Self.increment)
      let angle = Self.mix(own &+ (2 &* attempt &+ 2) &* Self.increment)
      // in (0, 1], so that the logarithm is finite
      let uniform = Double((radius >> 11) + 1) * 0x1p-53
      let turn = Double(angle >> 11) * 0x1p-53
      let value = (-2 * log(uniform)).squareRoot() * cos(2 * .pi * turn)
      if abs(value) <= 2 { return value }
    }
    return 0
  }

  private static func mix(_ value: UInt64) -> UInt64 {
    var z = value
    z = (z ^ z >> 30) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ z >> 27) &* 0x94D0_49BB_1331_11EB
    return z ^ z >> 31
  }
}
