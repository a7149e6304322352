import AtomicFiles
import Synchronization

/// The bytes of a file, read when they are asked for, or bytes in memory; shared by everything that points into them.
struct FileBytes: Sendable {
  /// The file, as messages name it.
  let path: String
  /// Number of bytes.
  let count: Int

  private let place: Place

  private enum Place: Sendable {
    case memory([UInt8])
    case file(OpenFile, Window)
  }

  /// The part of a file that single bytes were last asked of.
  private final class Window: Sendable {
    static let size = 1 << 16
    let bytes = Mutex<(start: Int, values: [UInt8])>((0, []))
  }

  /// Opens the file.
  init(path: String) throws {
    self.path = path
    if PathKind.isStream(path) {
      throw ArrayFileError.cannotRead(file: path, reason: PathKind.streamRefusal)
    }
    guard let file = try? OpenFile(path) else {
      throw ArrayFileError.cannotRead(file: path, reason: PathKind.readFailure(path))
    }
    count = file.count
    place = .file(file, Window())
  }

  /// Bytes already in memory, named `path` in messages.
  init(path: String, bytes: [UInt8]) {
    self.path = path
    count = bytes.count
    place = .memory(bytes)
  }

  /// The byte at `offset`, nil beyond the end, and where the file cannot be read.
  subscript(offset: Int) -> UInt8? {
    guard offset >= 0, offset < count else { return nil }
    switch place {
    case .memory(let bytes): return bytes[offset]
    case .file(let file, let window):
      return window.bytes.withLock { window in
        if offset < window.start || offset - window.start >= window.values.count {
          guard let values = Self.bytes(offset..<min(count, offset + Window.size), of: file)
          else { return nil }
          window = (offset, values)
        }
        return window.values[offset - window.start]
      }
    }
  }

  /// The bytes of `range`, nil when it leaves the file, and where that cannot be read.
  func bytes(_ range: Range<Int>) -> [UInt8]? {
    guard range.lowerBound >= 0, range.upperBound <= count else { return nil }
    switch place {
    case .memory(let bytes): return Array(bytes[range])
    case .file(let file, _): return Self.bytes(range, of: file)
    }
  }

  private static func bytes(_ range: Range<Int>, of file: OpenFile) -> [UInt8]? {
    try? Array(unsafeUninitializedCapacity: range.count) { buffer, initialized in
      try file.read(at: range.lowerBound, into: UnsafeMutableRawBufferPointer(buffer))
      initialized = range.count
    }
  }

  /// Copies the bytes from `offset` on into all of `buffer`; false when the file is too short, or cannot be read.
  func copy(from offset: Int, into buffer: UnsafeMutableRawBufferPointer) -> Bool {
    guard offset >= 0, offset <= count, count - offset >= buffer.count else { return false }
    switch place {
    case .memory(let bytes):
      bytes.withUnsafeBytes {
        buffer.copyMemory(from: .init(rebasing: $0[offset..<offset + buffer.count]))
      }
      return true
    case .file(let file, _):
      return (try? file.read(at: offset, into: buffer)) != nil
    }
  }
}
