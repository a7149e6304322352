import AtomicFiles
import Foundation
import StructureIO

/// The bytes of a text file and its name in messages.
public struct InputText: Sendable, Hashable {
  /// Name for messages: the path, or `<stdin>`.
  public let name: String
  /// Contents.
  public let bytes: [UInt8]

  /// Largest size of a file in bytes.
  public static let maximumBytes = 2 << 30

  /// Text that is already in memory.
  public init(name: String, bytes: [UInt8]) {
    self.name = name
    self.bytes = bytes
  }

  /// Text that is already in memory.
  public init(name: String, _ text: String) {
    self.init(name: name, bytes: Array(text.utf8))
  }

  /// Reads a file, or standard input for `-`; decompresses gzip, and throws for other compressed and binary files, naming the
  /// format.
  public init(path: String) throws(InputError) {
    let standardInput = path == "-"
    name = standardInput ? "<stdin>" : path
    let data =
      standardInput
      ? try Self.readAll(.standardInput, name: name) : try Self.readFile(path)
    guard data.count <= Self.maximumBytes else {
      throw .content(file: name, problem: "is larger than 2 GiB, the limit for text input")
    }
    let stored = [UInt8](data)
    let content = try Self.unpacked(stored, name: name)
    bytes = content.starts(with: Self.byteOrderMark) ? Array(content.dropFirst(3)) : content
    try refuseBinary(isPacked: Gzip.begins(stored))
    // Every line takes several words of memory, whatever its length.
    guard bytes.count <= Self.maximumLines || bytes.count(where: Self.endsLine) <= Self.maximumLines
    else {
      throw .content(file: name, problem: "has more than \(Self.maximumLines) lines, the limit")
    }
  }

  /// Largest number of lines.
  private static let maximumLines = 50_000_000

  private static func endsLine(_ byte: UInt8) -> Bool {
    byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\r")
  }

  /// Written by some editors in front of UTF-8; not part of the text.
  private static let byteOrderMark: [UInt8] = [0xEF, 0xBB, 0xBF]

  private static func unpacked(_ data: [UInt8], name: String) throws(InputError) -> [UInt8] {
    do throws(GzipError) {
      return try Gzip.content(data, ofFile: name, limit: maximumBytes)
    } catch {
      throw .content(file: name, problem: "cannot be read: \(error)")
    }
  }

  /// The content of a gzip file, within the limits for compressed texts.
  static func unpackedBytes(of path: String) throws(InputError) -> [UInt8] {
    try unpacked([UInt8](try readFile(path)), name: path)
  }

  /// Reads to the end, but stops just beyond the limit.
  private static func readAll(_ handle: FileHandle, name: String) throws(InputError) -> Data {
    var data = Data()
    do {
      while data.count <= maximumBytes, let piece = try handle.read(upToCount: 1 << 20),
        !piece.isEmpty
      {
        data.append(piece)
      }
    } catch {
      throw .unreadable(file: name, reason: "it is a folder, or reading failed")
    }
    return data
  }

  /// First bytes of HDF5 files.
  package static let hdf5Signature: [UInt8] = [0x89, 0x48, 0x44, 0x46]

  /// The first bytes of a file, which identify its format.
  package static func firstBytes(of path: String, count: Int) throws(InputError) -> [UInt8] {
    let handle = try open(path)
    defer { try? handle.close() }
    do {
      return [UInt8](try handle.read(upToCount: count) ?? Data())
    } catch {
      throw .unreadable(file: path, reason: "the disk reports an error")
    }
  }

  private static func open(_ path: String) throws(InputError) -> FileHandle {
    switch PathKind(of: path) {
    case .absent:
      throw PathKind.isBarred(path)
        ? .unreadable(file: path, reason: "no permission") : .missing(file: path)
    case .folder: throw .unreadable(file: path, reason: "it is a folder")
    case .file: break
    }
    guard let handle = FileHandle(forReadingAtPath: path) else {
      throw .unreadable(file: path, reason: "no permission")
    }
    return handle
  }

  private static func readFile(_ path: String) throws(InputError) -> Data {
    let handle = try open(path)
    defer { try? handle.close() }
    if let status = FileStatus(of: path), status.bytes > maximumBytes {
      throw .content(
        file: path, problem: "is larger than 2 GiB, the limit for texts and packed files")
    }
    return try readAll(handle, name: path)
  }

  /// - Parameter isPacked: whether the text was compressed with gzip, as only texts, structures and pickles may be.
  private func refuseBinary(isPacked: Bool) throws(InputError) {
    let signatures: [([UInt8], kind: String, remedy: String)] = [
      ([0x28, 0xB5, 0x2F, 0xFD], "zstd data", "unpack it with unzstd first"),
      ([0x50, 0x4B, 0x03, 0x04], "a zip archive", "unpack it first"),
      ([0xFD, 0x37, 0x7A, 0x58, 0x5A], "xz data", "unpack it with unxz first"),
      (
        Self.hdf5Signature, "an HDF5 file",
        "pass features with --features, network parameters with --weights"
      ),
      ([0x80, 0x04, 0x95], "a Python pickle", "pass it with --features"),
    ]
    for (signature, kind, remedy) in signatures where bytes.starts(with: signature) {
      let isReadPacked = signature.first == 0x80
      throw .content(
        file: name,
        problem: isPacked
          ? "is \(kind) packed with gzip; \(isReadPacked ? remedy : "unpack it with gunzip first")"
          : "is \(kind); \(remedy)")
    }
  }

  /// Throws if this is a structure, by its name or its first line, where sequences are expected.
  func refuseStructure(_ first: String) throws(InputError) {
    let starts = ["HEADER  ", "ATOM  ", "CRYST1 ", "REMARK ", "data_"]
    guard
      StructureFile.nameEnding(of: name) != nil || starts.contains(where: { first.hasPrefix($0) })
    else { return }
    throw .content(
      file: name,
      problem:
        "is a structure, expected sequences (FASTA) or an alignment; give structures to --template or --reference"
    )
  }

  /// One line without its terminator.
  package struct Line {
    /// Counted from 1.
    package var number: Int
    /// Range of its bytes in the text.
    package var range: Range<Int>
  }

  /// The lines; LF, CRLF and a lone CR all end one.
  package var lines: [Line] {
    var result: [Line] = []
    var start = 0
    var index = 0
    while index < bytes.count {
      let byte = bytes[index]
      if Self.endsLine(byte) {
        result.append(Line(number: result.count + 1, range: start..<index))
        if byte == UInt8(ascii: "\r"), index + 1 < bytes.count,
          bytes[index + 1] == UInt8(ascii: "\n")
        {
          index += 1
        }
        start = index + 1
      }
      index += 1
    }
    if start < bytes.count {
      result.append(Line(number: result.count + 1, range: start..<bytes.count))
    }
    return result
  }

  /// Part of the text as a string, without white space and NUL bytes around it.
  package func string(_ range: Range<Int>) -> String {
    var range = range
    while let first = range.first, bytes[first] <= 0x20 { range = range.dropFirst() }
    while let last = range.last, bytes[last] <= 0x20 { range = range.dropLast() }
    return String(decoding: bytes[range], as: UTF8.self)
  }

  /// The cells of a line of a table, separated by tabs, including empty ones.
  package func cells(_ line: Line) -> [String] {
    bytes[line.range].split(separator: UInt8(ascii: "\t"), omittingEmptySubsequences: false).map {
      string($0.indices)
    }
  }

  /// An error at a line and column of this text.
  package func problem(_ problem: String, line: Int, column: Int = 0) -> InputError {
    .text(file: name, line: line, column: column, problem: problem)
  }

  /// A byte as shown in messages.
  package static func quoted(_ byte: UInt8) -> String {
    switch byte {
    case 0x21...0x7E: "'\(Character(UnicodeScalar(byte)))'"
    default: "byte 0x" + String(byte, radix: 16)
    }
  }
}
