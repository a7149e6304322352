import AtomicFiles
import Foundation

/// Results of earlier searches, by sequence, database and parameters.
///
/// An entry is a folder named after the SHA-256 of everything the result depends on. It is filled under another name and renamed when
/// complete, so that a kill at any moment leaves either no entry or a complete one. When an entry is used again, its description must
/// match and its content must have the recorded digest. Databases converted for MMseqs2 are kept beside the results.
struct SearchCache: Sendable {
  /// What a result depends on; threads are excluded, since they do not change it.
  struct Key: Hashable, Codable, Sendable {
    /// Counts changes of this description: entries of another one have other names and are never read.
    var version = 3
    /// Program.
    let tool: SearchTool
    /// What the program says of its version.
    let toolVersion: String
    /// Arguments of all commands, with symbols for paths.
    let arguments: [[String]]
    /// Target sequence.
    let sequence: String
    /// SHA-256 of the alignment that is searched with; nil for the sequence itself.
    let alignment: String?
    /// Databases.
    let databases: [SearchDatabase.Identity]

    /// Name of the entry.
    var name: String { SearchCache.digest(self) }
  }

  /// Description beside a result.
  struct Entry: Hashable, Codable, Sendable {
    let key: Key
    let bytes: Int
    let sha256: String
    let made: String
    let toolPath: String
  }

  let folder: String

  /// The content of an entry with its description; nil if there is none.
  ///
  /// A damaged one is reported and removed.
  func content(_ key: Key, onWarning: (String) -> Void) -> (content: [UInt8], entry: Entry)? {
    let path = "\(folder)/\(key.name)"
    guard FileManager.default.fileExists(atPath: path) else { return nil }
    if let entry = entry(at: path), entry.key == key,
      let data = FileManager.default.contents(atPath: path + "/result"),
      data.count == entry.bytes, SHA256.hex([UInt8](data)) == entry.sha256
    {
      return ([UInt8](data), entry)
    }
    onWarning("\(path): the stored result was changed or damaged; it is searched again")
    try? FileManager.default.removeItem(atPath: path)
    return nil
  }

  private func entry(at path: String) -> Entry? {
    FileManager.default.contents(atPath: path + "/entry.json").flatMap {
      try? JSONDecoder().decode(Entry.self, from: $0)
    }
  }

  /// A new folder in which a program can work and from which an entry is made.
  func makeWorkFolder() throws -> String {
    let path = "\(folder)/\(Self.workPrefix)\(ProcessMark.make())"
    try AtomicFile.createFolder(path)
    return path
  }

  /// The description of a result that was found now.
  static func entry(_ content: [UInt8], key: Key, toolPath: String) -> Entry {
    Entry(
      key: key, bytes: content.count, sha256: SHA256.hex(content),
      made: ISO8601DateFormatter().string(from: Date()), toolPath: toolPath)
  }

  /// Makes an entry of a checked result.
  func store(_ content: [UInt8], _ entry: Entry) throws {
    let work = try makeWorkFolder()
    defer { try? FileManager.default.removeItem(atPath: work) }
    try content.withUnsafeBytes { try AtomicFile.write($0, to: work + "/result") }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .prettyPrinted]
    let text = String(decoding: try encoder.encode(entry), as: UTF8.self)
    try AtomicFile.write(text + "\n", to: work + "/entry.json")
    try move(work, to: "\(folder)/\(entry.key.name)")
  }

  /// Path of the database converted from FASTA; nil if it is missing or incomplete.
  func database(_ identity: SearchDatabase.Identity) -> String? {
    let path = "\(folder)/\(Self.name(identity))"
    guard let data = FileManager.default.contents(atPath: path + "/" + Self.listName),
      let sizes = try? JSONDecoder().decode([String: Int].self, from: data),
      sizes.allSatisfy({ FileStatus(of: "\(path)/\($0)")?.bytes == $1 })
    else { return nil }
    utimes(path + "/" + Self.listName, nil)  // marks it as used
    return path + "/target"
  }

  /// Keeps the files called `target…` of a work folder as a database converted from FASTA.
  ///
  /// If another process has made the same database meanwhile, and may be searching it, that one is used instead. Databases of
  /// earlier states of the file that have not been used for a week are removed, since they are as large as the file.
  func storeDatabase(from work: String, _ identity: SearchDatabase.Identity) throws -> String {
    let made = try makeWorkFolder()
    defer { try? FileManager.default.removeItem(atPath: made) }
    var sizes: [String: Int] = [:]
    for name in try FolderContents.names(in: work, where: { $0.hasPrefix("target") }) {
      try move("\(work)/\(name)", to: "\(made)/\(name)")
      sizes[name] = FileStatus(of: "\(made)/\(name)")?.bytes
    }
    let list = try JSONEncoder().encode(sizes)
    try list.withUnsafeBytes { try AtomicFile.write($0, to: "\(made)/\(Self.listName)") }
    if let whole = database(identity) { return whole }
    let name = Self.name(identity)
    let prefix = Self.prefix(identity)
    for old in try FolderContents.names(in: folder, where: { $0.hasPrefix(prefix) }) {
      let isState = old.utf8.count == prefix.utf8.count + 64  // exactly a digest, not a longer name
      let status = FileStatus(of: "\(folder)/\(old)/\(Self.listName)")
      let isUsed = status.map { !$0.isOld } ?? false
      if isState && old != name && !isUsed {
        try? FileManager.default.removeItem(atPath: "\(folder)/\(old)")
      }
    }
    let place = "\(folder)/\(name)"
    try move(made, to: place)
    if database(identity) == nil {
      // The existing one is incomplete. It is moved away in one step, so that the place is empty only for a moment.
      let broken = try makeWorkFolder()
      defer { try? FileManager.default.removeItem(atPath: broken) }
      rename(place, broken)
      try move(made, to: place)
    }
    return place + "/target"
  }

  /// Sizes of the files of a kept database.
  private static let listName = "files.json"

  /// Renames; if another process has made the target meanwhile, that one is used.
  private func move(_ source: String, to path: String) throws {
    if rename(source, path) == 0 { return }
    let code = errno
    guard code == ENOTEMPTY || code == EEXIST else {
      throw AtomicFileError(path: path, code: code)
    }
  }

  private static func prefix(_ identity: SearchDatabase.Identity) -> String {
    "database-\(identity.database)-"
  }

  private static func name(_ identity: SearchDatabase.Identity) -> String {
    prefix(identity) + digest(identity)
  }

  /// SHA-256 of a description, keys in order.
  private static func digest(_ description: some Encodable) -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys]
    return SHA256.hex([UInt8]((try? encoder.encode(description)) ?? Data()))
  }

  /// Removes work folders of processes that have ended; those of other machines if older than a week.
  func removeAbandoned() {
    for path in AtomicFile.abandoned(in: folder, prefix: Self.workPrefix) {
      try? FileManager.default.removeItem(atPath: path)
    }
  }

  private static let workPrefix = "partial-"
}
