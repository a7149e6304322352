import AtomicFiles
import Foundation

/// Results of earlier searches, by sequence, database and parameters.
///
/// An entry is a folder named after the SHA-256 of everything the result depends on. It is filled under another name
/// and renamed when complete, so that a kill at any moment leaves either no entry or a whole one. When an entry is
/// used again, its description must match and its content must have the digest that was noted.
struct SearchCache: Sendable {
  /// What a result depends on; threads are left out, as they do not change it.
  struct Key: Hashable, Codable, Sendable {
    /// Counts changes of this description.
    var version = 2
    /// Program.
    let tool: SearchTool
    /// Arguments of all commands, with symbols for paths.
    let arguments: [[String]]
    /// Target sequence.
    let sequence: String
    /// SHA-256 of the alignment that is searched with; nil for the sequence itself.
    let alignment: String?
    /// Databases.
    let databases: [SearchDatabase.Identity]

    /// Name of the entry.
    var name: String {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.sortedKeys]
      return SHA256.hex([UInt8]((try? encoder.encode(self)) ?? Data()))
    }
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

  /// The content of an entry; nil if there is none.
  ///
  /// A damaged one is reported and removed.
  func content(_ key: Key, onWarning: (String) -> Void) -> [UInt8]? {
    let path = "\(folder)/\(key.name)"
    guard FileManager.default.fileExists(atPath: path) else { return nil }
    if let entry = entry(at: path), entry.key == key,
      let data = FileManager.default.contents(atPath: path + "/result"),
      data.count == entry.bytes, SHA256.hex([UInt8](data)) == entry.sha256
    {
      return [UInt8](data)
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

  /// Makes an entry of a checked result.
  func store(_ content: [UInt8], key: Key, toolPath: String) throws {
    let work = try makeWorkFolder()
    defer { try? FileManager.default.removeItem(atPath: work) }
    let entry = Entry(
      key: key, bytes: content.count, sha256: SHA256.hex(content),
      made: ISO8601DateFormatter().string(from: Date()), toolPath: toolPath)
    try content.withUnsafeBytes { try AtomicFile.write($0, to: work + "/result") }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .prettyPrinted]
    let text = String(decoding: try encoder.encode(entry), as: UTF8.self)
    try AtomicFile.write(text + "\n", to: work + "/entry.json")
    let path = "\(folder)/\(key.name)"
    if rename(work, path) != 0 {
      // Another process may have made the same entry meanwhile, which serves as well.
      let code = errno
      guard code == ENOTEMPTY || code == EEXIST else {
        throw AtomicFileError(path: path, code: code)
      }
    }
  }

  /// Removes work folders of processes of this machine that are no longer there.
  func removeAbandoned() {
    for path in AtomicFile.abandoned(in: folder, prefix: Self.workPrefix) {
      try? FileManager.default.removeItem(atPath: path)
    }
  }

  private static let workPrefix = "partial-"
}
