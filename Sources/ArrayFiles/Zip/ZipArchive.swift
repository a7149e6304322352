import AtomicFiles
import CZip
import Foundation
import Synchronization

/// Limits beyond which an archive counts as damaged or hostile.
///
/// Arrays of numbers rarely reach 20 : 1, but deletions and masks may be all zero and compress perfectly; the lower ratio is for
/// entries that would fill memory, alone or together.
public struct ArchiveLimits: Sendable, Hashable {
  /// Deflate cannot compress by more than 1032 : 1.
  static let deflateRatio = 1032

  /// Largest entry, inflated, in bytes.
  public var largestEntry = 16 << 30
  /// Entries up to this size, in bytes, may have any ratio that deflate reaches.
  public var smallEntry = 512 << 20
  /// Largest ratio of inflated to stored bytes of entries above ``smallEntry``.
  public var largestRatio = 200

  /// 16 GiB, and 200 : 1 above 512 MiB.
  public init() {}

  /// The largest ratio for entries of `size` bytes.
  func ratio(of size: Int) -> Int { size > smallEntry ? largestRatio : Self.deflateRatio }
}

/// A zip archive opened for reading; entries are inflated while they are read, their checksum verified at the end.
///
/// libzip handles are not thread-safe, so one lock serialises the reads of an archive.
final class ZipArchive: Sendable {
  /// One file inside.
  struct Entry: Sendable, Hashable {
    let index: UInt64
    /// Inflated bytes, as declared.
    let size: Int
  }

  /// libzip's handle, used only while holding the lock.
  private struct Handle: @unchecked Sendable { let zip: OpaquePointer }

  let path: String
  let entries: [String: Entry]
  private let handle: Mutex<Handle>

  /// Opens the archive and checks every declared size against `limits`.
  init(path: String, limits: ArchiveLimits) throws {
    if PathKind.isStream(path) {
      throw ArrayFileError.cannotRead(file: path, reason: PathKind.streamRefusal)
    }
    var code: Int32 = 0
    guard let zip = zip_open(path, ZIP_RDONLY, &code) else {
      throw Self.openError(path, code)
    }
    do {
      entries = try Self.listing(zip, path, limits)
    } catch {
      zip_discard(zip)
      throw error
    }
    self.path = path
    handle = Mutex(Handle(zip: zip))
  }

  deinit { handle.withLock { zip_discard($0.zip) } }

  /// Calls `body` with the bytes of an entry; then verifies that it has ended and its checksum is right.
  func withSource<Result>(
    _ name: String, _ body: (inout ZipSource) throws -> sending Result
  ) throws -> sending Result {
    try withHead(name) { source in
      let result = try body(&source)
      try source.finish()
      return result
    }
  }

  /// Calls `body` with the bytes of an entry, which need not all be read.
  func withHead<Result>(
    _ name: String, _ body: (inout ZipSource) throws -> sending Result
  ) throws -> sending Result {
    guard let entry = entries[name] else {
      throw ArrayFileError.noSuchArray(file: path, name: name, available: entries.keys.sorted())
    }
    return try handle.withLock { handle in
      guard let stream = zip_fopen_index(handle.zip, entry.index, 0) else {
        throw ArrayFileError.malformed(
          file: path, part: name, found: String(cString: zip_strerror(handle.zip)),
          expected: "a stored or deflated entry")
      }
      defer { zip_fclose(stream) }
      var source = ZipSource(stream: stream, file: path, part: name, remaining: entry.size)
      return try body(&source)
    }
  }

  private static func listing(
    _ zip: OpaquePointer, _ path: String, _ limits: ArchiveLimits
  ) throws -> [String: Entry] {
    var entries: [String: Entry] = [:]
    var (together, inflated) = (0, 0)
    var information = stat()
    let fileBytes = stat(path, &information) == 0 ? Int(information.st_size) : .max
    for index in 0..<UInt64(max(0, zip_get_num_entries(zip, 0))) {
      var stat = zip_stat_t()
      guard zip_stat_index(zip, index, 0, &stat) == 0, let name = stat.name else {
        throw ArrayFileError.wrongFormat(
          file: path, found: "entry \(index) without a name", expected: "a sound zip archive")
      }
      let part = String(cString: name)
      // The archive only claims an entry's stored size, so it is checked against the file.
      let size = Int(clamping: stat.size), stored = min(Int(clamping: stat.comp_size), fileBytes)
      let ratio = limits.ratio(of: size)
      let isOutsized = size / ratio > stored
      if size > limits.largestEntry || isOutsized {
        throw ArrayFileError.tooLarge(
          file: path, part: part, needs: "\(size) bytes from \(stored)",
          limit: isOutsized ? "\(ratio) : 1" : "\(limits.largestEntry) bytes")
      }
      // Overlapping entries would inflate the same bytes again and again.
      together = together.addingReportingOverflow(stored).partialValue
      guard together >= 0, together <= fileBytes else {
        throw ArrayFileError.malformed(
          file: path, part: part, found: "entries of more bytes than the file has",
          expected: "an archive whose entries lie side by side")
      }
      inflated += size
      if inflated > limits.smallEntry, inflated / limits.largestRatio > fileBytes {
        throw ArrayFileError.tooLarge(
          file: path, part: "the content", needs: "more than \(inflated) bytes from \(fileBytes)",
          limit: "\(limits.largestRatio) : 1")
      }
      guard entries.updateValue(Entry(index: index, size: size), forKey: part) == nil else {
        throw ArrayFileError.malformed(
          file: path, part: part, found: "a second entry of this name", expected: "one of each name"
        )
      }
    }
    return entries
  }

  private static func openError(_ path: String, _ code: Int32) -> ArrayFileError {
    switch code {
    case ZIP_ER_NOZIP, ZIP_ER_INCONS:
      return .wrongFormat(
        file: path, found: "no complete zip archive (is the file cut short?)",
        expected: "npz or .pt")
    case ZIP_ER_NOENT, ZIP_ER_OPEN:
      return .cannotRead(file: path, reason: PathKind.readFailure(path))
    default:
      var error = zip_error_t()
      zip_error_init_with_code(&error, code)
      defer { zip_error_fini(&error) }
      let reason = String(cString: zip_error_strerror(&error))
      // A directory that points past the end counts as a failed read too.
      return PathKind(of: path) == .file && FileManager.default.isReadableFile(atPath: path)
        ? .wrongFormat(
          file: path, found: "a damaged zip archive (\(reason))", expected: "npz or .pt")
        : .cannotRead(file: path, reason: reason)
    }
  }
}

/// The bytes of one entry, inflated as they are read.
struct ZipSource: ByteSource {
  fileprivate let stream: OpaquePointer
  let file: String
  let part: String
  private(set) var remaining: Int

  fileprivate init(stream: OpaquePointer, file: String, part: String, remaining: Int) {
    self.stream = stream
    self.file = file
    self.part = part
    self.remaining = remaining
  }

  mutating func read(into buffer: UnsafeMutableRawBufferPointer) throws {
    guard buffer.count <= remaining else {
      throw malformed("\(remaining) bytes left", "\(buffer.count)")
    }
    var filled = 0
    while filled < buffer.count {
      let target = UnsafeMutableRawBufferPointer(rebasing: buffer[filled...])
      let got = zip_fread(stream, target.baseAddress, UInt64(target.count))
      if got <= 0 {
        throw malformed(got == 0 ? "an early end" : failure, "\(remaining) more bytes")
      }
      filled += Int(got)
      remaining -= Int(got)
    }
  }

  /// Reads past the end, which makes libzip compare the checksum; throws if bytes are left.
  fileprivate mutating func finish() throws {
    var byte: UInt8 = 0
    let got = zip_fread(stream, &byte, 1)
    if got != 0 || remaining != 0 {
      throw malformed(got < 0 ? failure : "bytes beyond the array", "an intact entry")
    }
  }

  private var failure: String { String(cString: zip_file_strerror(stream)) }
}
