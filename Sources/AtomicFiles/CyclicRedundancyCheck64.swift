import Messages

/// CRC-64/XZ: a checksum that detects damage, not tampering.
///
/// Polynomial of ECMA-182, reflected, as the xz format uses it; the check value of "123456789" is
/// 0x995DC9BBDF1939FA. Eight bytes at a time by eight tables (Kounavis & Berry 2005). Chosen over SHA-256 because
/// files are to be checked while they load (a cryptographic hash would take most of the time) and need no signature.
public struct CyclicRedundancyCheck64: Sendable {
  private static let polynomial: UInt64 = 0xC96C_5795_D787_0F42

  /// `tables[k][b]`: effect of byte `b` followed by `k` zero bytes, flattened.
  private static let tables: [UInt64] = {
    var tables = [UInt64](repeating: 0, count: 8 * 256)
    for byte in 0..<256 {
      var value = UInt64(byte)
      for _ in 0..<8 { value = value & 1 == 1 ? value >> 1 ^ polynomial : value >> 1 }
      tables[byte] = value
    }
    for index in 256..<tables.count {
      let previous = tables[index - 256]
      tables[index] = previous >> 8 ^ tables[Int(previous & 0xFF)]
    }
    return tables
  }()

  private var state = ~UInt64(0)

  /// The checksum of no bytes.
  public init() {}

  /// The checksum of all bytes so far.
  public var value: UInt64 { ~state }

  /// The checksum as 16 hexadecimal digits.
  public var text: String { value.hexadecimal }

  /// Adds the bytes of a buffer.
  public mutating func update(_ bytes: UnsafeRawBufferPointer) {
    var state = state
    Self.tables.withUnsafeBufferPointer { tables in
      var position = 0
      while bytes.count - position >= 8 {
        state ^= UInt64(
          littleEndian: bytes.loadUnaligned(fromByteOffset: position, as: UInt64.self))
        var next: UInt64 = 0
        for lane in 0..<8 {
          next ^=
            tables[(7 - lane) << 8 | Int(truncatingIfNeeded: state >> (8 * UInt64(lane))) & 0xFF]
        }
        state = next
        position += 8
      }
      for byte in bytes[position...] {
        state = state >> 8 ^ tables[Int(truncatingIfNeeded: state ^ UInt64(byte)) & 0xFF]
      }
    }
    self.state = state
  }

  /// Adds the UTF-8 bytes of a text.
  package mutating func update(_ text: String) {
    var text = text
    text.withUTF8 { update(UnsafeRawBufferPointer($0)) }
  }

  /// Takes in the bytes of a range of a file.
  package mutating func update(
    _ file: OpenFile, _ range: Range<Int>
  ) throws(FileTransfer.Failure) {
    var check = self
    try file.forEachPiece(of: range) { check.update($0) }
    self = check
  }

  /// The checksum of the values of an array, as they lie in memory.
  package static func text<T: BitwiseCopyable>(of values: [T]) -> String {
    var check = CyclicRedundancyCheck64()
    values.withUnsafeBytes { check.update($0) }
    return check.text
  }
}
