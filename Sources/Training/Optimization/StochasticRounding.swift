import NumericArrays

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
