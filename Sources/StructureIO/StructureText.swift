import AtomicFiles
import CLibrary

/// The text of structure files.
enum StructureText {
  /// Largest size of a file in bytes.
  private static let storedLimit = 2 << 30
  /// Largest content of a gzip file.
  private static let unpackedLimit = 1 << 30

  /// The bytes of a file; a gzip file is unpacked.
  static func read(_ path: String) throws(StructureIOError) -> [UInt8] {
    let bytes = try raw(path)
    do throws(GzipError) {
      return try Gzip.content(bytes, ofFile: path, limit: unpackedLimit)
    } catch {
      throw .unexpectedContent(path: path, message: "\(error)")
    }
  }

  /// Written by some editors in front of UTF-8; not part of the text.
  private static let byteOrderMark: [UInt8] = [0xEF, 0xBB, 0xBF]

  /// The bytes of a text without a byte order mark, its lines ended by LF; CRLF and a lone CR end lines too.
  static func unified(_ bytes: [UInt8]) -> [UInt8] {
    let start = bytes.starts(with: byteOrderMark) ? byteOrderMark.count : 0
    guard start > 0 || bytes.contains(0x0D) else { return bytes }
    var result: [UInt8] = []
    result.reserveCapacity(bytes.count)
    for index in start..<bytes.count {
      if bytes[index] != 0x0D {
        result.append(bytes[index])
      } else if index + 1 == bytes.count || bytes[index + 1] != 0x0A {
        result.append(0x0A)
      }
    }
    return result
  }

  private static func raw(_ path: String) throws(StructureIOError) -> [UInt8] {
    let file = open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { throw failure(path) }
    defer { close(file) }
    var information = stat()
    guard fstat(file, &information) == 0 else { throw failure(path) }
    guard information.st_mode & S_IFMT != S_IFDIR else {
      throw .cannotRead(path: path, code: EISDIR, reason: String(cString: strerror(EISDIR)))
    }
    guard Int(information.st_size) <= storedLimit else { throw tooLarge(path) }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(max(0, Int(information.st_size)) + 1)
    var chunk = [UInt8](repeating: 0, count: 1 << 18)
    while true {
      let count = chunk.withUnsafeMutableBytes { FileTransfer.readSome(into: $0, from: file) }
      guard count >= 0 else { throw failure(path) }
      guard count > 0 else { return bytes }
      bytes.append(contentsOf: chunk[..<count])
      // Devices and pipes have no size and may never end.
      guard bytes.count <= storedLimit else { throw tooLarge(path) }
    }
  }

  private static func tooLarge(_ path: String) -> StructureIOError {
    .unexpectedContent(path: path, message: "is larger than 2 GiB, the limit for structure files")
  }

  private static func failure(_ path: String) -> StructureIOError {
    .cannotRead(path: path, code: errno, reason: String(cString: strerror(errno)))
  }
}
