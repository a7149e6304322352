import AtomicFiles
import Foundation
import NumericArrays
import Training
import Weights

/// Checkpoints on disk: a header in JSON, the buffers as they lie in memory, and a checksum over every byte.
///
/// Layout, little-endian: `HFCKPT01`; UInt64 bytes of the header; header; buffers in the order in which the header lists
/// them; UInt64 CRC-64/XZ of all that comes before. The same state gives the same bytes.
public enum CheckpointFile {
  private static let magic = Array("HFCKPT01".utf8)

  private struct Contents: Codable {
    struct Buffer: Codable {
      var name: String
      var type: String
      var count: Int

      /// Bytes of a value.
      var width: Int { type == "bfloat16" ? 2 : 4 }
    }

    var header: Checkpoint.Header
    var buffers: [Buffer]
  }

  /// Writes a checkpoint under a temporary name and renames it; the old one stays until the new one is complete.
  public static func write(_ checkpoint: Checkpoint, to path: String) throws {
    let buffers = checkpoint.buffers.sorted { $0.key < $1.key }
    let contents = Contents(
      header: checkpoint.header,
      buffers: buffers.map { .init(name: $0.key, type: $0.value.typeName, count: $0.value.count) })
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    let header = try encoder.encode(contents)
    var bytes = magic
    withUnsafeBytes(of: UInt64(header.count).littleEndian) { bytes += $0 }
    bytes += header
    var check = CyclicRedundancyCheck64()
    try AtomicFile.write(to: path) { append in
      func write(_ part: UnsafeRawBufferPointer) throws {
        check.update(part)
        try append(part)
      }
      try bytes.withUnsafeBytes(write)
      for (_, buffer) in buffers { try buffer.withBytes(write) }
      try withUnsafeBytes(of: check.value.littleEndian) { try append($0) }
    }
  }

  /// Whether a file begins like a checkpoint or is named like one.
  public static func isCheckpoint(_ path: String) -> Bool {
    guard PathKind.isReadAgain(path) else { return false }
    let start = try? FileHandle(forReadingAtPath: path)?.read(upToCount: magic.count)
    return start?.elementsEqual(magic) == true || path.hasSuffix(".checkpoint")
  }

  /// Reads a checkpoint; any changed bit is detected.
  public static func read(_ path: String) throws -> Checkpoint {
    try data(of: path).withUnsafeBytes { try parse($0, path: path) }
  }

  /// The small part of a checkpoint, after the whole file has been verified as in ``read(_:)``.
  public static func header(of path: String) throws -> Checkpoint.Header {
    try data(of: path).withUnsafeBytes { try contents($0, path: path).contents.header }
  }

  private static func data(of path: String) throws -> Data {
    do {
      return try Data(contentsOf: URL(fileURLWithPath: path), options: .mappedIfSafe)
    } catch {
      throw TrainingRunError.unreadable(file: path, reason: "cannot be read: \(reason(of: error))")
    }
  }

  /// The system's reason why a file cannot be read.
  private static func reason(of error: any Error) -> String {
    guard let cause = (error as? CocoaError)?.underlying as? POSIXError else {
      return error.localizedDescription
    }
    return String(cString: strerror(cause.code.rawValue))
  }

  private static func parse(_ bytes: UnsafeRawBufferPointer, path: String) throws -> Checkpoint {
    let (contents, places) = try contents(bytes, path: path)
    let buffers = zip(contents.buffers, places).map { entry, place in
      (
        entry.name,
        StateBuffer(bytes: UnsafeRawBufferPointer(rebasing: bytes[place]), isWide: entry.width == 4)
      )
    }
    return Checkpoint(
      header: contents.header, buffers: Dictionary(buffers, uniquingKeysWith: { $1 }))
  }

  /// The header of a file, every byte of which has been verified, and where its buffers lie.
  private static func contents(
    _ bytes: UnsafeRawBufferPointer, path: String
  ) throws -> (contents: Contents, places: [Range<Int>]) {
    func damaged(_ reason: String) -> TrainingRunError { .damaged(file: path, reason: reason) }
    func integer(at offset: Int) -> UInt64 {
      UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
    }
    guard bytes.count >= 24, bytes.prefix(8).elementsEqual(magic) else {
      throw damaged("is no checkpoint of this program")
    }
    var check = CyclicRedundancyCheck64()
    let end = bytes.count - 8
    check.update(UnsafeRawBufferPointer(rebasing: bytes[..<end]))
    guard check.value == integer(at: end) else {
      throw damaged("the checksum differs, \(bytes.count) bytes")
    }
    guard let length = Int(exactly: integer(at: 8)), length <= end - 16 else {
      throw damaged("the header is longer than the file")
    }
    let contents: Contents
    do {
      contents = try JSONDecoder().decode(Contents.self, from: Data(bytes[16..<16 + length]))
    } catch {
      throw TrainingRunError.otherVersion(file: path)
    }
    var offset = 16 + length
    var places: [Range<Int>] = []
    for entry in contents.buffers {
      guard entry.count >= 0, entry.count <= (end - offset) / entry.width else {
        throw damaged("'\(entry.name)' is longer than the file")
      }
      places.append(offset..<offset + entry.count * entry.width)
      offset += entry.count * entry.width
    }
    guard offset == end else { throw damaged("has \(end - offset) bytes too many") }
    return (contents, places)
  }
}

extension StateBuffer {
  fileprivate var typeName: String {
    switch self {
    case .float32: "float32"
    case .bfloat16: "bfloat16"
    }
  }

  fileprivate func withBytes(_ body: (UnsafeRawBufferPointer) throws -> Void) rethrows {
    switch self {
    case .float32(let values): try values.withUnsafeBytes(body)
    case .bfloat16(let values): try values.withUnsafeBytes(body)
    }
  }

  fileprivate init(bytes: UnsafeRawBufferPointer, isWide: Bool) {
    if isWide {
      self = .float32(
        [Float](unsafeUninitializedCapacity: bytes.count / 4) { buffer, count in
          UnsafeMutableRawBufferPointer(buffer).copyMemory(from: bytes)
          count = bytes.count / 4
        })
    } else {
      self = .bfloat16(
        (0..<bytes.count / 2).map {
          BFloat16(bitPattern: bytes.loadUnaligned(fromByteOffset: 2 * $0, as: UInt16.self))
        })
    }
  }
}
