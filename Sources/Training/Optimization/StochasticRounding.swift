import NumericArrays

/// Random bits as a pure function of a key and an index: no state, the same for every number of threads.
///
/// The finaliser of `SplitMix64` over a counter.
public struct CounterRandom: Codable, Hashable, Sendable {
  /// Start of the stream.
  public let key: UInt64

  /// The stream of a seed, a purpose and a step.
  public init(seed: UInt64, purpose: UInt64 = 0, step: Int = 0) {
    key = mix(mix(mix(seed) &+ purpose) &+ UInt64(truncatingIfNeeded: step))
  }

  /// 64 random bits.
  @inline(__always)
  public func bits(_ index: Int) -> UInt64 {
    mix(key &+ UInt64(truncatingIfNeeded: index) &* SplitMix64.increment)
  }

  /// A number between 0 and 1, both excluded.
  public func uniform(_ index: Int) -> Double {
    (Double(bits(index) >> 11) + 0.5) * 0x1p-53
  }
}

@inline(__always)
private func mix(_ x: UInt64) -> UInt64 {
  SplitMix64.mixed(x &+ SplitMix64.increment)
}

extension BFloat16 {
  /// One of the two neighbours of a value, the nearer with the higher probability, so that the mean is exact.
  ///
  /// Sixteen random bits are added to the part that is cut off. Sums of small updates then do not stagnate, as they do
  /// with rounding to nearest. Values that are not finite, and those that would become infinite, are not randomised.
  @inline(__always)
  init(stochastically value: Float, bits: UInt16) {
    let pattern = value.bitPattern
    let rounded = pattern &+ UInt32(bits)
    let exponent: UInt32 = 0x7F80_0000
    if pattern & exponent == exponent {
      self.init(value)
    } else if rounded & exponent == exponent {
      self.init(bitPattern: UInt16(truncatingIfNeeded: pattern >> 16))
    } else {
      self.init(bitPattern: UInt16(truncatingIfNeeded: rounded >> 16))
    }
  }
}
