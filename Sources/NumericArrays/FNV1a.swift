/// The FNV-1a hash of 64 bits (Fowler, Noll and Vo, draft-eastlake-fnv), the same on every machine.
///
/// "a" gives 0xAF63DC4C8601EC8C. Good for telling names and files apart; not cryptographic.
public struct FNV1a: Sendable {
  @usableFromInline var state: UInt64 = 0xCBF2_9CE4_8422_2325

  /// The hash of no bytes.
  @inlinable
  public init() {}

  /// The hash of bytes.
  @inlinable
  public init(_ bytes: some Sequence<UInt8>) { add(bytes) }

  /// The hash of everything added so far.
  @inlinable
  public var value: UInt64 { state }

  /// Adds bytes.
  @inlinable
  public mutating func add(_ bytes: some Sequence<UInt8>) {
    for byte in bytes { add(step: UInt64(byte)) }
  }

  /// Adds integers, each in one step: faster than byte by byte, but a different hash from that of their bytes.
  @inlinable
  public mutating func add(integers: some Sequence<UInt64>) {
    for integer in integers { add(step: integer) }
  }

  @inlinable @inline(__always)
  mutating func add(step: UInt64) { state = (state ^ step) &* 0x100_0000_01B3 }
}
