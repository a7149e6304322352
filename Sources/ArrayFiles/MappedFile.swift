import AtomicFiles
import Foundation

/// The bytes of a file, mapped where the system can, shared by everything that points into them.
struct MappedFile: Sendable {
  /// The file, as messages name it.
  let path: String
  /// Number of bytes.
  var count: Int { data.count }

  private let data: Data

  /// Maps the file.
  init(path: String) throws {
    self.path = path
    if PathKind.isStream(path) {
      throw ArrayFileError.cannotRead(file: path, reason: PathKind.streamRefusal)
    }
    do {
      data = try Data(contentsOf: URL(fileURLWithPath: path), options: .mappedIfSafe)
    } catch {
      throw ArrayFileError.cannotRead(file: path, reason: PathKind.readFailure(path))
    }
  }

  /// Bytes already in memory, named `path` in messages.
  init(path: String, bytes: [UInt8]) {
    self.path = path
    data = Data(bytes)
  }

  /// The byte at `offset`, nil beyond the end.
  subscript(offset: Int) -> UInt8? {
    offset >= 0 && offset < data.count ? data[data.startIndex + offset] : nil
  }

  /// The bytes of `range`, nil when it leaves the file.
  func bytes(_ range: Range<Int>) -> [UInt8]? {
    guard range.lowerBound >= 0, range.upperBound <= data.count else { return nil }
    return data.withUnsafeBytes { Array($0[range]) }
  }

  /// Copies the bytes from `offset` on into all of `buffer`; false when the file is too short.
  func copy(from offset: Int, into buffer: UnsafeMutableRawBufferPointer) -> Bool {
    guard offset >= 0, offset <= data.count, data.count - offset >= buffer.count else {
      return false
    }
    data.withUnsafeBytes {
      buffer.copyMemory(from: .init(rebasing: $0[offset..<offset + buffer.count]))
    }
    return true
  }
}
