/// A 16-bit float with the exponent range of `Float` and 8 significant bits: storage, never arithmetic.
public struct BFloat16: Hashable, Sendable, BitwiseCopyable {
  /// The upper half of the corresponding `Float`.
  public var bitPattern: UInt16

  /// The value with the given bits.
  @inlinable
  public init(bitPattern: UInt16) { self.bitPattern = bitPattern }

  /// The nearest value, ties to even; NaN stays a (quiet) NaN, overflow becomes infinity.
  @inlinable
  public init(_ value: Float) {
    let bits = value.bitPattern
    if value.isNaN {
      bitPattern = UInt16(truncatingIfNeeded: bits >> 16) | 0x0040
    } else {
      bitPattern = UInt16(truncatingIfNeeded: (bits &+ 0x7FFF &+ ((bits >> 16) & 1)) >> 16)
    }
  }
}

extension Float {
  /// The exact value of a bfloat16.
  @inlinable
  public init(_ value: BFloat16) { self.init(bitPattern: UInt32(value.bitPattern) << 16) }
}
