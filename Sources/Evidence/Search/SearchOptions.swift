/// What to search and how; shared by the commands that search.
public struct SearchOptions: Hashable, Sendable {
  /// Databases in the order in which they were given.
  public var databases: [SearchDatabase]
  /// Where programs are.
  public var tools: ToolPaths
  /// Threads for each program; AlphaFold gives jackhmmer 8 and hhblits 4.
  public var threads: Int
  /// Folder of results of earlier searches.
  public var cacheFolder: String
  /// Whether FASTA databases are searched with MMseqs2 instead of jackhmmer.
  public var prefersMMseqs: Bool
  /// Whether only results of earlier searches are used: another process has searched, and what failed there fails here.
  public var onlyReuses = false

  /// Options for searching.
  public init(
    databases: [SearchDatabase], tools: ToolPaths = ToolPaths(), threads: Int = 8,
    cacheFolder: String, prefersMMseqs: Bool = false
  ) {
    self.databases = databases
    self.tools = tools
    self.threads = threads
    self.cacheFolder = cacheFolder
    self.prefersMMseqs = prefersMMseqs
  }

  /// Searches in AlphaFold's order: UniRef90, BFD and UniRef30, MGnify, others, and last those for templates.
  ///
  /// BFD and UniRef30 (or Uniclust30) of HH-suite are searched in one run. A name that occurs twice is an error, and so
  /// is a database that is not there; each stands for one step, so that the others go on.
  public func steps() -> [Result<SearchStep, PlanProblem>] {
    var steps: [Result<SearchStep, PlanProblem>] = []
    var seen: Set<String> = []
    var profiles: [SearchDatabase] = []
    for database in databases.sorted(by: { Self.rank($0) < Self.rank($1) }) {
      do throws(SearchFailure) {
        guard seen.insert(database.name).inserted else {
          throw .database(name: database.name, problem: "the name is given twice")
        }
        let form = try database.form()
        if form == .hhsuite, Self.searchedTogether.contains(database.name.lowercased()) {
          profiles.append(database)
        } else {
          steps.append(.success(step(database, form)))
        }
      } catch {
        steps.append(.failure(PlanProblem(name: database.name, failure: error)))
      }
    }
    if let first = profiles.first {
      let place = steps.firstIndex { result in
        (try? result.get()).map {
          $0.purpose == .templates || Self.rank($0.databases[0]) > Self.rank(first)
        }
          ?? false
      }
      let together = SearchStep(
        name: profiles.count > 1 ? "bfd_uniref" : first.name, tool: .hhblits, databases: profiles,
        form: .hhsuite, purpose: .alignment, maximumRows: nil)
      steps.insert(.success(together), at: place ?? steps.count)
    }
    return steps
  }

  /// A database for which no search could be planned.
  public struct PlanProblem: Error, Hashable, Sendable {
    /// Name of the database.
    public let name: String
    /// What is wrong.
    public let failure: SearchFailure
  }

  private static let searchedTogether: Set = ["bfd", "uniref30", "uniclust30"]

  private static func rank(_ database: SearchDatabase) -> Int {
    switch database.name.lowercased() {
    case "uniref90": 0
    case "bfd", "uniref30", "uniclust30", "small_bfd": 1
    case "mgnify": 2
    case "pdb70", "pdb_seqres": 4
    default: 3
    }
  }

  private func step(_ database: SearchDatabase, _ form: SearchDatabase.Form) -> SearchStep {
    let name = database.name.lowercased()
    let isForTemplates = name == "pdb70" || name == "pdb_seqres"
    let tool: SearchTool =
      switch form {
      case .fasta: isForTemplates ? .hmmsearch : prefersMMseqs ? .mmseqs : .jackhmmer
      case .hhsuite: isForTemplates ? .hhsearch : .hhblits
      case .mmseqs: .mmseqs
      }
    return SearchStep(
      name: database.name, tool: tool, databases: [database], form: form,
      purpose: isForTemplates && tool != .mmseqs ? .templates : .alignment,
      maximumRows: name == "uniref90" ? 10_000 : name == "mgnify" ? 501 : nil)
  }
}
