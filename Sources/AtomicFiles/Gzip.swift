import CZlib

/// Decompresses gzip files (RFC 1952) of one or more members.
public enum Gzip {
  /// Whether bytes begin like a gzip file.
  public static func begins(_ bytes: some Sequence<UInt8>) -> Bool {
    bytes.starts(with: [0x1F, 0x8B])
  }

  /// The content of a file, decompressed if necessary; throws if only its name suggests that it is compressed.
  ///
  /// - Parameter limit: largest content of a compressed file in bytes.
  public static func content(
    _ bytes: [UInt8], ofFile path: String, limit: Int
  ) throws(GzipError) -> [UInt8] {
    if begins(bytes) { return try unpack(bytes, limit: limit) }
    if !bytes.isEmpty, path.lowercased().hasSuffix(".gz") { throw .absent }
    return bytes
  }

  /// The content of all members; trailing bytes that are not a member are ignored.
  ///
  /// - Parameter limit: largest content in bytes: deflate compresses by up to 1032 : 1, so a small file could otherwise claim all
  ///   memory.
  public static func unpack(_ bytes: [UInt8], limit: Int) throws(GzipError) -> [UInt8] {
    // zlib rejects a stream whose address has changed.
    let stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
    stream.initialize(to: z_stream())
    defer { stream.deallocate() }
    // 15 bits of window, +16: a gzip wrapper, whose checksum and size zlib checks.
    guard inflateInit2_(stream, 15 + 16, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK
    else { throw .noMemory }
    defer { inflateEnd(stream) }
    var output: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 1 << 18)
    var position = 0
    while true {
      let (status, consumed, produced) = step(stream, bytes, from: position, into: &chunk)
      position += consumed
      guard output.count + produced <= limit else { throw .tooLarge(limit: limit) }
      output.append(contentsOf: chunk[..<produced])
      switch status {
      case Z_STREAM_END:
        guard position < bytes.count, begins(bytes[position...]) else { return output }
        inflateReset(stream)
      case Z_OK where consumed > 0 || produced > 0: continue
      case Z_OK, Z_BUF_ERROR: throw .truncated
      case Z_MEM_ERROR: throw .noMemory
      default: throw .damaged
      }
    }
  }

  /// One call of zlib: its status, and the number of bytes consumed and produced.
  private static func step(
    _ stream: UnsafeMutablePointer<z_stream>, _ bytes: [UInt8], from position: Int,
    into chunk: inout [UInt8]
  ) -> (status: Int32, consumed: Int, produced: Int) {
    let offered = min(bytes.count - position, 1 << 20)
    return bytes.withUnsafeBufferPointer { input in
      chunk.withUnsafeMutableBufferPointer { output in
        stream.pointee.next_in = UnsafeMutablePointer(
          mutating: input.baseAddress?.advanced(by: position))
        stream.pointee.avail_in = UInt32(offered)
        stream.pointee.next_out = output.baseAddress
        stream.pointee.avail_out = UInt32(output.count)
        let status = inflate(stream, Z_NO_FLUSH)
        return (
          status, offered - Int(stream.pointee.avail_in),
          output.count - Int(stream.pointee.avail_out)
        )
      }
    }
  }
}

/// Why a gzip file could not be decompressed.
public enum GzipError: Error, Hashable, CustomStringConvertible {
  case absent, truncated, damaged, noMemory
  case tooLarge(limit: Int)

  /// What is wrong, in a few words.
  public var description: String {
    switch self {
    case .absent:
      "it is no gzip data, as its name says; remove .gz from the name if it is unpacked already"
    case .truncated: "the gzip file ends too early; was the download complete?"
    case .damaged: "the gzip file is damaged (checksum or structure is wrong)"
    case .noMemory: "no memory to unpack the gzip file"
    case .tooLarge(let limit): "the gzip file unpacks to more than \(limit >> 30) GiB, the limit"
    }
  }
}
