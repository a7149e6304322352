import ArgumentParser
import Evidence
import HelixFold
import Messages

/// `helixfold databases`: which search databases are present.
struct DatabasesCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "databases", abstract: "List and verify sets of sequence databases.",
    subcommands: [List.self, Check.self])

  struct File: ParsableArguments {
    @Option(help: SearchArguments.databasesHelp)
    var databases: String?

    func catalog() throws -> DatabaseCatalog {
      try SearchArguments.catalog(databases)
    }
  }

  struct List: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "List the sets.")
    @OptionGroup var file: File

    func run() throws {
      for set in try file.catalog().sets {
        print("\(set.name.printable)\t\(set.description.printable)")
        for item in set.databases { print("  \(item.name.printable)\t\(item.path.printable)") }
      }
    }
  }

  struct Check: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Verify that the files of a set, or of databases given, are there and whole.",
      discussion: "Exit status 66 if something is missing or damaged.")
    @OptionGroup var search: SearchArguments

    func run() throws {
      let databases = try search.options(output: ".").databases
      guard !databases.isEmpty else {
        throw ValidationError(
          "name a set or a database: --database-set NAME or --database NAME=PATH")
      }
      var isComplete = true
      for database in databases {
        let status = DatabaseStatus(database)
        isComplete = isComplete && status.problem == nil
        let state = status.problem.map { "bad\t\($0)" } ?? "good\t\(status.form?.rawValue ?? "")"
        print("\(database.name)\t\(state)\t\(status.bytes) bytes")
      }
      if !isComplete { throw ExitCode(.missingInput) }
    }
  }
}
