import CLibrary
import NumericArrays

// Random draws for untrained parameters.

extension RandomKey {
  /// The key of an array in the oracle's recipe: `SplitMix64` started from the `FNV1a` hash of the array's name.
  init(array name: String, seed: UInt64) {
    self.init(seed: FNV1a(name.utf8).value &+ (seed &- 1) &* SplitMix64.increment)
  }

  /// A number in [−1, 1) for an element, a multiple of 2⁻²³.
  func symmetric(_ index: Int) -> Double { Double(bits(index) >> 40) * 0x1p-23 - 1 }

  /// A normal number for an element, cut at two standard deviations: Box–Muller, repeated until inside.
  func truncatedNormal(_ index: Int) -> Double {
    let tries = child(index)
    var attempt = 0
    while true {
      // in (0, 1], so that the logarithm is finite
      let uniform = Double((tries.bits(2 * attempt) >> 11) + 1) * 0x1p-53
      let turn = Double(tries.bits(2 * attempt + 1) >> 11) * 0x1p-53
      let value = (-2 * log(uniform)).squareRoot() * cos(2 * .pi * turn)
      if abs(value) <= 2 { return value }
      attempt += 1
    }
  }
}
