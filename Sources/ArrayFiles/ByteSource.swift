/// Bytes delivered in order: part of a file or an entry of a zip archive.
///
/// `remaining` is known before anything is read, so sizes are checked before memory is taken.
protocol ByteSource {
  /// The file, as messages name it.
  var file: String { get }
  /// What is being read, as messages name it.
  var part: String { get }
  /// Bytes not yet read, as the container declares.
  var remaining: Int { get }
  /// Fills all of `buffer` or throws.
  mutating func read(into buffer: UnsafeMutableRawBufferPointer) throws
}

extension ByteSource {
  /// The next `count` bytes.
  mutating func bytes(_ count: Int) throws -> [UInt8] {
    try elements(count, of: UInt8.self)
  }

  /// The next `count` values in the byte order of this machine.
  ///
  /// - Precondition: the caller has checked `count` against ``remaining``; reading beyond it throws.
  mutating func elements<T: BitwiseCopyable>(_ count: Int, of type: T.Type) throws -> [T] {
    let (size, overflow) = count.multipliedReportingOverflow(by: MemoryLayout<T>.stride)
    guard count >= 0, !overflow, size <= remaining else {
      throw malformed(
        "\(remaining) bytes left", "\(count) values of \(MemoryLayout<T>.stride) bytes")
    }
    return try Array(unsafeUninitializedCapacity: count) { buffer, initialized in
      try read(
        into: UnsafeMutableRawBufferPointer(
          rebasing: UnsafeMutableRawBufferPointer(buffer)[..<size]))
      initialized = count
    }
  }

  /// The error for bytes that contradict themselves.
  func malformed(_ found: String, _ expected: String) -> ArrayFileError {
    .malformed(file: file, part: part, found: found, expected: expected)
  }

  /// The error for valid but unsupported data.
  func unsupported(_ found: String, _ expected: String) -> ArrayFileError {
    .unsupported(file: file, part: part, found: found, expected: expected)
  }
}

/// Part of a file.
struct MemorySource: ByteSource {
  let bytes: FileBytes
  let part: String
  var range: Range<Int>

  /// Reads `range` of `bytes`; all of it when nil.
  init(_ bytes: FileBytes, part: String, range: Range<Int>? = nil) {
    self.bytes = bytes
    self.part = part
    self.range = range ?? 0..<bytes.count
  }

  var file: String { bytes.path }
  var remaining: Int { range.count }

  mutating func read(into buffer: UnsafeMutableRawBufferPointer) throws {
    guard buffer.count <= range.count, bytes.copy(from: range.lowerBound, into: buffer) else {
      throw malformed("\(range.count) bytes left", "\(buffer.count)")
    }
    range = range.lowerBound + buffer.count..<range.upperBound
  }
}
