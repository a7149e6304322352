import NumericArrays

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Random numbers that depend on a key, a seed and a place only: no state, no order, no threads.
///
/// `SplitMix64` started from the `FNV1a` hash of the key, as in the oracle's recipe.
struct KeyedStream: Sendable {
  private let start: UInt64

  /// The stream of a key.
  init(key: String, seed: UInt64) {
    start = SplitMix64.mixed(FNV1a(key.utf8).value &+ seed &* SplitMix64.increment)
  }

  /// The draw at `index`, 64 random bits.
  func bits(_ index: Int) -> UInt64 {
    SplitMix64.mixed(start &+ UInt64(truncatingIfNeeded: index &+ 1) &* SplitMix64.increment)
  }

  /// The draw at `index` in [−1, 1), a multiple of 2⁻²³.
  func symmetric(_ index: Int) -> Double { Double(bits(index) >> 40) * 0x1p-23 - 1 }

  /// A normal draw at `index`, cut at two standard deviations: Box–Muller, repeated until inside.
  func truncatedNormal(_ index: Int) -> Double {
    let own = bits(index)
    for attempt in UInt64(0)... {
      let radius = SplitMix64.mixed(own &+ (2 &* attempt &+ 1) &* SplitMix64.increment)
      let angle = SplitMix64.mixed(own &+ (2 &* attempt &+ 2) &* SplitMix64.increment)
      // in (0, 1], so that the logarithm is finite
      let uniform = Double((radius >> 11) + 1) * 0x1p-53
      let turn = Double(angle >> 11) * 0x1p-53
      let value = (-2 * log(uniform)).squareRoot() * cos(2 * .pi * turn)
      if abs(value) <= 2 { return value }
    }
    return 0
  }
}
