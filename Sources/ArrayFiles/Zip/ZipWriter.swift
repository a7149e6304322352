import AtomicFiles
import CZip
import Foundation

/// Writes a zip archive with entries made one at a time, when their turn comes.
///
/// The archive appears complete or not at all. Time stamps are fixed (1 January 1980): equal contents give equal files.
enum ZipWriter {
  /// Writes the entries `names`, each with the result of `contents`.
  static func write(
    to path: String, names: [String], deflated: Bool,
    contents: @escaping (String) throws -> FileContent
  ) throws {
    let entries = names.map { name in ZipEntryProducer(name) { try contents(name) } }
    try AtomicFile.replace(path) { temporary in
      try withExtendedLifetime(entries) {
        try fill(temporary, shownAs: path, entries, deflated: deflated)
      }
    }
  }

  private static func fill(
    _ temporary: String, shownAs path: String, _ entries: [ZipEntryProducer], deflated: Bool
  ) throws {
    var code: Int32 = 0
    guard let archive = zip_open(temporary, ZIP_CREATE | ZIP_TRUNCATE, &code) else {
      throw AtomicFileError(path: path, code: errno)
    }
    let isComplete = entries.allSatisfy { add($0, to: archive, deflated: deflated) }
    if isComplete && zip_close(archive) == 0 { return }
    defer { zip_discard(archive) }
    if let error = entries.lazy.compactMap(\.failure).first { throw error }
    guard let error = zip_get_error(archive), zip_error_system_type(error) == ZIP_ET_SYS else {
      let reason = String(cString: zip_strerror(archive))
      throw ArrayFileError.cannotWrite(file: path, reason: reason)
    }
    throw AtomicFileError(path: path, code: zip_error_code_system(error))
  }

  private static func add(
    _ entry: ZipEntryProducer, to archive: OpaquePointer, deflated: Bool
  ) -> Bool {
    let context = Unmanaged.passUnretained(entry).toOpaque()
    guard let source = zip_source_function(archive, produceZipEntry, context) else { return false }
    let index = zip_file_add(archive, entry.name, source, UInt32(ZIP_FL_ENC_UTF_8))
    guard index >= 0 else {
      zip_source_free(source)
      return false
    }
    let january1980: UInt16 = 0x21
    return zip_set_file_compression(
      archive, UInt64(index), deflated ? ZIP_CM_DEFLATE : ZIP_CM_STORE, 0) == 0
      && zip_file_set_dostime(archive, UInt64(index), 0, january1980, 0) == 0
  }
}

/// One entry while libzip reads it: its content exists from the first read to the close.
private final class ZipEntryProducer {
  let name: String
  private let make: () throws -> FileContent
  private var content: FileContent?
  private var position = 0
  /// Why the content could not be made.
  private(set) var failure: (any Error)?

  init(_ name: String, _ make: @escaping () throws -> FileContent) {
    self.name = name
    self.make = make
  }

  func open() -> zip_int64_t {
    position = 0
    do {
      content = try make()
      return 0
    } catch {
      failure = error
      return -1
    }
  }

  func read(into target: UnsafeMutableRawBufferPointer) -> zip_int64_t {
    guard let content else { return -1 }
    let count = content.copy(from: position, into: target)
    position += count
    return zip_int64_t(count)
  }

  func close() { content = nil }

  /// Error code for libzip; the real reason is kept in ``failure``.
  func report(into target: UnsafeMutableRawPointer) -> zip_int64_t {
    target.storeBytes(of: ZIP_ER_READ, as: Int32.self)
    target.storeBytes(of: 0, toByteOffset: 4, as: Int32.self)
    return 8
  }
}

/// libzip's callback: hands its commands to the producer behind `context`.
private func produceZipEntry(
  context: UnsafeMutableRawPointer?, data: UnsafeMutableRawPointer?, length: zip_uint64_t,
  command: zip_source_cmd_t
) -> zip_int64_t {
  guard let context else { return -1 }
  let entry = Unmanaged<ZipEntryProducer>.fromOpaque(context).takeUnretainedValue()
  switch command {
  case ZIP_SOURCE_OPEN: return entry.open()
  case ZIP_SOURCE_READ:
    return entry.read(into: UnsafeMutableRawBufferPointer(start: data, count: Int(length)))
  case ZIP_SOURCE_CLOSE:
    entry.close()
    return 0
  case ZIP_SOURCE_STAT:
    guard let data else { return -1 }
    zip_stat_init(data.assumingMemoryBound(to: zip_stat_t.self))
    return zip_int64_t(MemoryLayout<zip_stat_t>.size)
  case ZIP_SOURCE_ERROR: return data.map(entry.report) ?? -1
  case ZIP_SOURCE_FREE: return 0
  case ZIP_SOURCE_SUPPORTS:
    return [
      ZIP_SOURCE_OPEN, ZIP_SOURCE_READ, ZIP_SOURCE_CLOSE, ZIP_SOURCE_STAT, ZIP_SOURCE_ERROR,
      ZIP_SOURCE_FREE, ZIP_SOURCE_SUPPORTS,
    ].reduce(0) { $0 | 1 << zip_int64_t($1.rawValue) }
  default: return -1
  }
}
