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
    try reading(path) { file in
      let (contents, places) = try contents(of: file, path)
      var buffers: [String: StateBuffer] = [:]
      for (entry, place) in zip(contents.buffers, places) {
        buffers[entry.name] = try StateBuffer(file, place, isWide: entry.width == 4)
      }
      return Checkpoint(header: contents.header, buffers: buffers)
    }
  }

  /// The small part of a checkpoint, after the whole file has been verified as in ``read(_:)``.
  public static func header(of path: String) throws -> Checkpoint.Header {
    try reading(path) { try contents(of: $0, path).contents.header }
  }

  /// Opens a file; what the system says of one that cannot be read is told.
  private static func reading<Value>(
    _ path: String, _ body: (OpenFile) throws -> Value
  ) throws -> Value {
    do {
      return try body(try OpenFile(path))
    } catch let failure as FileTransfer.Failure {
      let reason = failure.code.map { String(cString: strerror($0)) } ?? "it was cut short"
      throw TrainingRunError.unreadable(file: path, reason: "cannot be read: \(reason)")
    }
  }

  /// The header of a file, every byte of which has been verified, and where its buffers lie.
  private static func contents(
    of file: OpenFile, _ path: String
  ) throws -> (contents: Contents, places: [Range<Int>]) {
    func damaged(_ reason: String) -> TrainingRunError { .damaged(file: path, reason: reason) }
    func integer(at place: Int) throws -> UInt64 {
      var value: UInt64 = 0
      try withUnsafeMutableBytes(of: &value) { try file.read(at: place, into: $0) }
      return UInt64(littleEndian: value)
    }
    func bytes(_ range: Range<Int>) throws -> Data {
      var bytes = Data(count: range.count)
      try bytes.withUnsafeMutableBytes { try file.read(at: range.lowerBound, into: $0) }
      return bytes
    }
    guard file.count >= 24, try bytes(0..<8).elementsEqual(magic) else {
      throw damaged("is no checkpoint of this program")
    }
    var check = CyclicRedundancyCheck64()
    let end = file.count - 8
    try check.update(file, 0..<end)
    guard try check.value == integer(at: end) else {
      throw damaged("the checksum differs, \(file.count) bytes")
    }
    guard let length = Int(exactly: try integer(at: 8)), length <= end - 16 else {
      throw damaged("the header is longer than the file")
    }
    let header = try bytes(16..<16 + length)
    let contents: Contents
    do {
      contents = try JSONDecoder().decode(Contents.self, from: header)
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

  fileprivate init(_ file: OpenFile, _ place: Range<Int>, isWide: Bool) throws {
    func values<Element: BitwiseCopyable>() throws -> [Element] {
      let count = place.count / MemoryLayout<Element>.size
      return try [Element](unsafeUninitializedCapacity: count) { buffer, initialized in
        try file.read(at: place.lowerBound, into: UnsafeMutableRawBufferPointer(buffer))
        initialized = count
      }
    }
    self = isWide ? .float32(try values()) : .bfloat16(try values())
  }
}
