/// CRC-32 checksums, as required by file formats.
///
/// Reflected, start and end inverted; "123456789" gives 0xCBF43926 (zlib) and 0xE3069283 (Castagnoli).
public struct CyclicRedundancyCheck32: Sendable {
  /// The polynomial of zlib, PNG and Ethernet, reflected.
  public static let zlib = CyclicRedundancyCheck32(polynomial: 0xEDB8_8320)
  /// The polynomial of Castagnoli, reflected: iSCSI, TFRecord.
  public static let castagnoli = CyclicRedundancyCheck32(polynomial: 0x82F6_3B78)

  @usableFromInline let table: [UInt32]

  private init(polynomial: UInt32) {
    table = (0..<256).map { byte in
      (0..<8).reduce(UInt32(byte)) { value, _ in
        value & 1 == 1 ? value >> 1 ^ polynomial : value >> 1
      }
    }
  }

  /// The checksum of bytes.
  @inlinable
  public func callAsFunction(_ bytes: some Sequence<UInt8>) -> UInt32 {
    ~advanced(~0, bytes)
  }

  /// The checksum of all bytes of a file.
  package func callAsFunction(_ file: OpenFile) throws(FileTransfer.Failure) -> UInt32 {
    var state: UInt32 = ~0
    try file.forEachPiece(of: 0..<file.count) { state = advanced(state, $0) }
    return ~state
  }

  @inlinable
  func advanced(_ state: UInt32, _ bytes: some Sequence<UInt8>) -> UInt32 {
    bytes.reduce(state) { $0 >> 8 ^ table[Int(truncatingIfNeeded: $0 ^ UInt32($1)) & 0xFF] }
  }
}
