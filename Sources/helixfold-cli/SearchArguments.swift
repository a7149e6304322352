import ArgumentParser
import Evidence
import FeaturePipeline
import Foundation
import HelixFold

/// Flags of searches, the same for every command that searches.
struct SearchArguments: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Database to search: uniref90, mgnify, bfd, uniref30, small_bfd, pdb70, pdb_seqres or any name.",
      valueName: "name=path"))
  var database: [String] = []

  @Option(help: "Set of databases from databases.json, such as af2-reduced.")
  var databaseSet: String?

  @Option(help: SearchArguments.databasesHelp)
  var databases: String?

  @Option(help: "Folder from which paths in databases.json begin.")
  var databaseRoot = "."

  @Option(help: "Path of jackhmmer.") var jackhmmer: String?
  @Option(help: "Path of hhblits.") var hhblits: String?
  @Option(help: "Path of hhsearch.") var hhsearch: String?
  @Option(help: "Path of hmmbuild.") var hmmbuild: String?
  @Option(help: "Path of hmmsearch.") var hmmsearch: String?
  @Option(help: "Path of mmseqs.") var mmseqs: String?

  @Flag(help: "Search FASTA databases with MMseqs2 instead of jackhmmer.")
  var preferMmseqs = false

  @Option(
    help: "Threads of each search program (default: 8, or the default of --threads if it is less).")
  var searchThreads: Int?

  @Option(help: "Folder of kept search results (default: OUT/cache).")
  var cache: String?

  /// Help of `--databases`, for every command that has it.
  static var databasesHelp: ArgumentHelp {
    "File that describes sets of databases (default: data/databases.json, here or where the program is installed)."
  }

  /// The sets in the given file, or in the one in the current folder, or in the one that comes with the program.
  static func catalog(_ given: String?) throws(InputError) -> DatabaseCatalog {
    let name = "data/databases.json"
    if let given { return try DatabaseCatalog.parse(InputText(path: given)) }
    if FileManager.default.fileExists(atPath: name) {
      return try DatabaseCatalog.parse(InputText(path: name))
    }
    guard let installed = InstalledFile.find(name) else {
      throw .unreadable(
        file: name, reason: "neither here nor beside the program; name it with --databases")
    }
    return try DatabaseCatalog.parse(InputText(path: installed))
  }

  /// The requested set; an unknown name is a usage error.
  private func set() throws -> DatabaseCatalog.DatabaseSet? {
    guard let databaseSet else {
      // A given file is read even if it is not used: it may be the wrong one.
      if let databases { _ = try Self.catalog(databases) }
      return nil
    }
    do {
      return try Self.catalog(databases).set(named: databaseSet)
    } catch let error as SearchFailure {
      throw ValidationError("--database-set: \(error)")
    }
  }

  /// Whether any database is requested.
  var asksForSearch: Bool { !database.isEmpty || databaseSet != nil }

  /// Folder of structures for templates that belongs to the set of databases, if it has one.
  func structures() throws -> String? {
    try set()?.structures.map { $0.hasPrefix("/") ? $0 : "\(databaseRoot)/\($0)" }
  }

  /// The options for the library.
  func options(output: String) throws -> SearchOptions {
    var found: [SearchDatabase] = []
    if let set = try set() { found = set.databases(root: databaseRoot) }
    for argument in database {
      guard let item = SearchDatabase(argument: argument) else {
        throw ValidationError("--database \(argument): expected NAME=PATH")
      }
      found.append(item)
    }
    // Results are files named after the database, and file systems may ignore case.
    var seen: Set<String> = []
    if let twice = found.first(where: { !seen.insert($0.name.lowercased()).inserted }) {
      throw ValidationError("--database: the name '\(twice.name)' is given twice")
    }
    let given: [(SearchTool, String?)] = [
      (.jackhmmer, jackhmmer), (.hhblits, hhblits), (.hhsearch, hhsearch), (.hmmbuild, hmmbuild),
      (.hmmsearch, hmmsearch), (.mmseqs, mmseqs),
    ]
    let paths = given.compactMap { tool, path in path.map { (tool, $0) } }
    if searchThreads == nil, let problem = ThreadDefault.own.problem {
      throw ValidationError(problem)
    }
    let threads = searchThreads ?? min(8, ThreadDefault.own.asked ?? ProcessorCount.available)
    guard (1...4096).contains(threads) else {
      throw ValidationError("--search-threads \(threads): expected 1 … 4096")
    }
    return SearchOptions(
      databases: found, tools: ToolPaths(given: Dictionary(paths) { first, _ in first }),
      threads: threads, cacheFolder: cache ?? output + "/cache",
      prefersMMseqs: preferMmseqs)
  }
}
