import FeaturePipeline
import Foundation
import Messages

/// Sets of databases that belong together, read from `databases.json`.
public struct DatabaseCatalog: Codable, Hashable, Sendable {
  /// Databases that are searched together.
  public struct DatabaseSet: Codable, Hashable, Sendable {
    /// Name by which a user asks for the set.
    public var name: String
    /// Description for people.
    public var description: String
    /// Databases; paths may be relative to a root folder.
    public var databases: [Item]
    /// Folder of structures for templates, if the set has one.
    public var structures: String?
  }

  /// A database of a set.
  public struct Item: Codable, Hashable, Sendable {
    /// Name, such as `uniref90`.
    public var name: String
    /// Path, from the root folder unless it begins with `/`.
    public var path: String
  }

  /// Sets in the order of the file.
  public var sets: [DatabaseSet]

  /// Reads `databases.json`.
  public static func parse(_ text: InputText) throws(InputError) -> DatabaseCatalog {
    do {
      let catalog = try JSONDecoder().decode(DatabaseCatalog.self, from: Data(text.bytes))
      if let bad = catalog.sets.flatMap(\.databases).first(where: {
        SearchDatabase(argument: "\($0.name)=\($0.path)") == nil
      }) {
        throw InputError.content(
          file: text.name, problem: "'\(bad.name)' = '\(bad.path)' is no database name and path")
      }
      return catalog
    } catch let error as InputError {
      throw error
    } catch {
      throw .content(file: text.name, problem: jsonProblem(error))
    }
  }

  /// The set with a name; the error lists the known names.
  public func set(named name: String) throws(SearchFailure) -> DatabaseSet {
    if let set = sets.first(where: { $0.name == name }) { return set }
    throw .files(
      "'\(name)' is no set of databases; there are \(sets.map(\.name).joined(separator: ", "))")
  }
}

extension DatabaseCatalog.DatabaseSet {
  /// The databases with their paths below a root folder.
  public func databases(root: String) -> [SearchDatabase] {
    databases.map { item in
      let path = item.path.hasPrefix("/") ? item.path : "\(root)/\(item.path)"
      return SearchDatabase(name: item.name, path: path)
    }
  }
}

/// What was found at the path of a database.
public struct DatabaseStatus: Hashable, Sendable {
  /// Name of the database.
  public let name: String
  /// How it is stored; nil if it is unusable.
  public let form: SearchDatabase.Form?
  /// Size of all files in bytes.
  public let bytes: Int
  /// What is wrong; nil if nothing is.
  public let problem: SearchFailure?

  /// Checks the files of a database: presence, permissions, size, and whether indices fit their data.
  public init(_ database: SearchDatabase) {
    name = database.name
    do throws(SearchFailure) {
      let form = try database.form()
      let files = try database.identity().files
      if form == .hhsuite { try Self.checkIndices(database, files) }
      self.form = form
      bytes = files.map(\.bytes).reduce(0, +)
      problem = nil
    } catch {
      form = nil
      bytes = 0
      problem = error
    }
  }

  /// The last line of an `ffindex` (name, offset, length) must lie within the data.
  private static func checkIndices(
    _ database: SearchDatabase, _ files: [SearchDatabase.Identity.File]
  ) throws(SearchFailure) {
    let folder = URL(fileURLWithPath: database.path).deletingLastPathComponent()
    let sizes = Dictionary(files.map { ($0.name, $0.bytes) }) { first, _ in first }
    for file in files where file.name.hasSuffix(".ffindex") {
      let data = String(file.name.dropLast(5)) + "data"
      guard let handle = FileHandle(forReadingAtPath: folder.appendingPathComponent(file.name).path)
      else { continue }
      defer { try? handle.close() }
      try? handle.seek(toOffset: UInt64(max(0, file.bytes - 4096)))
      let end = [UInt8]((try? handle.readToEnd()) ?? Data())
      let last = end.split(separator: 0x0A).last?.words ?? []
      guard last.count == 3, let offset = last[1].integer, let length = last[2].integer else {
        throw .database(
          name: database.name, problem: "\(file.name): the last line is no index entry")
      }
      let (place, overflow) = offset.addingReportingOverflow(length)
      if overflow || place > sizes[data] ?? 0 {
        throw .database(
          name: database.name,
          problem: "\(data) is shorter than its index says; was the download cut short?")
      }
    }
  }
}

/// What is wrong with JSON that could not be decoded.
func jsonProblem(_ error: any Error) -> String {
  (error as? DecodingError)?.problem ?? "is no valid JSON"
}
