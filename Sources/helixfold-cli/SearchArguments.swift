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

  @Option(help: "File that describes sets of databases.")
  var databases = "data/databases.json"

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

  @Option(help: "Threads of each search program.")
  var searchThreads = 8

  @Option(help: "Folder of kept search results (default: OUT/cache).")
  var cache: String?

  /// Whether any database is asked for.
  var asksForSearch: Bool { !database.isEmpty || databaseSet != nil }

  /// Folder of structures for templates that belongs to the set of databases, if it has one.
  func structures() throws -> String? {
    guard let databaseSet else { return nil }
    let set = try DatabaseCatalog.parse(InputText(path: databases)).set(named: databaseSet)
    return set.structures.map { $0.hasPrefix("/") ? $0 : "\(databaseRoot)/\($0)" }
  }

  /// The options for the library.
  func options(output: String) throws -> SearchOptions {
    var found: [SearchDatabase] = []
    if let databaseSet {
      let catalog = try DatabaseCatalog.parse(InputText(path: databases))
      found = try catalog.set(named: databaseSet).databases(root: databaseRoot)
    }
    for argument in database {
      guard let item = SearchDatabase(argument: argument) else {
        throw ValidationError("--database \(argument): expected NAME=PATH")
      }
      found.append(item)
    }
    let given: [(SearchTool, String?)] = [
      (.jackhmmer, jackhmmer), (.hhblits, hhblits), (.hhsearch, hhsearch), (.hmmbuild, hmmbuild),
      (.hmmsearch, hmmsearch), (.mmseqs, mmseqs),
    ]
    let paths = given.compactMap { tool, path in path.map { (tool, $0) } }
    guard searchThreads >= 1, searchThreads <= 4096 else {
      throw ValidationError("--search-threads \(searchThreads): expected 1 … 4096")
    }
    return SearchOptions(
      databases: found, tools: ToolPaths(given: Dictionary(paths) { first, _ in first }),
      threads: searchThreads, cacheFolder: cache ?? output + "/cache",
      prefersMMseqs: preferMmseqs)
  }
}

/// Prints what searches report, on standard error.
struct SearchPrinter: Sendable {
  let target: String

  func print(_ event: SearchEvent) {
    StandardStreams.writeError("\(target)  \(event)\n")
  }
}

/// Turns Ctrl-C and a batch system's SIGTERM into an orderly stop.
final class SignalStop {
  private var sources: [any DispatchSourceSignal] = []

  init(_ interruption: SearchInterruption) {
    for number in [SIGINT, SIGTERM] {
      signal(number, SIG_IGN)
      let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
      source.setEventHandler { interruption.interrupt() }
      source.resume()
      sources.append(source)
    }
  }
}
