import AtomicFiles
import Foundation

/// A database to search: a name, as in AlphaFold or any other, and a path.
public struct SearchDatabase: Hashable, Sendable {
  /// How a database is stored, which decides which programs can search it.
  public enum Form: String, Hashable, Sendable {
    /// Sequences in FASTA.
    case fasta
    /// Profiles and alignments of HH-suite: `PATH_hhm.ffdata` and so on.
    case hhsuite
    /// A database of MMseqs2: `PATH`, `PATH.dbtype` and so on.
    case mmseqs
  }

  /// Name, such as `uniref90`.
  public let name: String
  /// Path of the FASTA or MMseqs2 file, or the common prefix of HH-suite's files.
  public let path: String

  /// A database.
  public init(name: String, path: String) {
    self.name = name
    self.path = path
  }

  /// Parses `NAME=PATH`; nil if it does not have that form.
  ///
  /// The name becomes part of file names.
  public init?(argument: String) {
    guard let equals = argument.firstIndex(of: "=") else { return nil }
    let name = String(argument[..<equals])
    let path = String(argument[argument.index(after: equals)...])
    let isPlain = name.utf8.allSatisfy { byte in
      (0x30...0x39).contains(byte) || (0x61...0x7A).contains(byte | 0x20)
        || byte == UInt8(ascii: "_") || byte == UInt8(ascii: "-")
    }
    guard !name.isEmpty, name.utf8.count <= 64, isPlain, !path.isEmpty else { return nil }
    self.init(name: name, path: path)
  }

  /// The files of the database, behind links, with size, time of change and a digest of both ends: what it is without reading it all.
  ///
  /// Device and inode numbers are excluded: they differ between machines and after a restart although the database is the same.
  public struct Identity: Hashable, Codable, Sendable {
    /// One file.
    public struct File: Hashable, Codable, Sendable {
      /// Name without folders.
      public let name: String
      /// Size in bytes.
      public let bytes: Int
      /// Time of change, nanoseconds since 1970.
      public let modified: Int
      /// SHA-256 of the first and the last MiB.
      public let ends: String
    }
    /// Name of the database.
    public let database: String
    /// Files in the order of their names.
    public let files: [File]
  }

  /// How the database is stored; throws when nothing usable is at the path.
  public func form() throws(SearchFailure) -> Form {
    let manager = FileManager.default
    if Self.hhsuiteEndings.contains(where: { manager.fileExists(atPath: path + $0) }) {
      return .hhsuite
    }
    if manager.fileExists(atPath: path + ".dbtype") { return .mmseqs }
    let kind = PathKind(of: path)
    guard kind != .absent else {
      throw .database(
        name: name, problem: "\(path): no such file, and no \(path)_hhm.ffdata or .dbtype")
    }
    if kind == .folder {
      throw .database(
        name: name,
        problem: "\(path) is a folder; give the file, or the common beginning of the files in it")
    }
    guard let handle = FileHandle(forReadingAtPath: path) else {
      throw .database(name: name, problem: "\(path): permission denied")
    }
    defer { try? handle.close() }
    let start = (try? handle.read(upToCount: 4096)) ?? Data()
    guard let first = start.first(where: { $0 > 0x20 }) else {
      throw .database(name: name, problem: "\(path): the file is empty")
    }
    guard first == UInt8(ascii: ">") else {
      throw .database(
        name: name, problem: "\(path): expected FASTA beginning with '>', found \(excerpt([first]))"
      )
    }
    return .fasta
  }

  /// The identity; throws when files are missing.
  public func identity() throws(SearchFailure) -> Identity {
    let form = try form()
    let files = files(form)
    var found: [Identity.File] = []
    for file in files {
      guard let status = FileStatus(of: file.path) else {
        if file.isOptional { continue }
        throw .database(name: name, problem: "\(file.path): no such file")
      }
      guard FileManager.default.isReadableFile(atPath: file.path) else {
        throw .database(name: name, problem: "\(file.path): permission denied")
      }
      if status.bytes == 0 {
        throw .database(name: name, problem: "\(file.path): the file is empty")
      }
      guard let ends = Self.ends(of: file.path, bytes: status.bytes) else {
        throw .database(name: name, problem: "\(file.path): reading failed")
      }
      found.append(
        .init(
          name: URL(fileURLWithPath: file.path).lastPathComponent, bytes: status.bytes,
          modified: status.modified, ends: ends))
    }
    return Identity(database: name, files: found)
  }

  /// SHA-256 of the first and the last MiB of a file; nil if it cannot be read.
  private static func ends(of path: String, bytes: Int) -> String? {
    guard let handle = FileHandle(forReadingAtPath: path) else { return nil }
    defer { try? handle.close() }
    let part = 1 << 20
    do {
      var data = try handle.read(upToCount: part) ?? Data()
      try handle.seek(toOffset: UInt64(max(data.count, bytes - part)))
      data += try handle.read(upToCount: part) ?? Data()
      return SHA256.hex([UInt8](data))
    } catch {
      return nil
    }
  }

  private func files(_ form: Form) -> [(path: String, isOptional: Bool)] {
    switch form {
    case .fasta: [(path, false)]
    case .hhsuite:
      ["_a3m", "_cs219", "_hhm"].flatMap { part in
        [".ffdata", ".ffindex"].map { (path + part + $0, part == "_a3m") }
      }
    case .mmseqs:
      [("", false), (".dbtype", false), (".index", false), ("_h", true)].map {
        (path + $0.0, $0.1)
      }
    }
  }

  private static let hhsuiteEndings = ["_hhm.ffdata", "_a3m.ffdata", "_cs219.ffdata"]
}
