import FeaturePipeline

/// What to search and how; shared by the commands that search.
public struct SearchOptions: Hashable, Sendable {
  /// Databases in the given order.
  public var databases: [SearchDatabase]
  /// Paths of the programs.
  public var tools: ToolPaths
  /// Threads for each program; AlphaFold gives jackhmmer 8 and hhblits 4.
  public var threads: Int
  /// Folder of results of earlier searches.
  public var cacheFolder: String
  /// Whether FASTA databases are searched with MMseqs2 instead of jackhmmer.
  public var prefersMMseqs: Bool
  /// Whether only results of earlier searches are used: another process has searched, and its failures count here too.
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

  /// A database for which no search could be planned.
  public struct PlanProblem: Error, Hashable, Sendable {
    /// Name of the database.
    public let name: String
    /// What is wrong.
    public let failure: SearchFailure
  }

  /// Searches in AlphaFold's order: UniRef90, BFD and UniRef30, MGnify, others, and last those for templates.
  ///
  /// BFD and UniRef30 (or Uniclust30) of HH-suite are searched in one run. A database that is not there, that nothing can use or whose
  /// result would take the place of another one's is an error, and so is a search for templates without an alignment to start
  /// from; each stands for one step, so that the others go on.
  ///
  /// - Parameter hasAlignment: whether the target comes with an alignment, from which templates can be searched too.
  public func steps(hasAlignment: Bool = false) -> [Result<SearchStep, PlanProblem>] {
    var planned: [Result<SearchStep, PlanProblem>] = []
    var profiles: [SearchDatabase] = []
    var seen: Set<String> = []
    for database in databases {
      do throws(SearchFailure) {
        guard seen.insert(database.name).inserted else {
          throw .database(name: database.name, problem: "the name is given twice")
        }
        let form = try database.form()
        if form == .hhsuite, Self.searchedTogether.contains(database.name.lowercased()) {
          profiles.append(database)
        } else {
          planned.append(.success(try step(database, form)))
        }
      } catch {
        planned.append(.failure(PlanProblem(name: database.name, failure: error)))
      }
    }
    if let together = Self.together(profiles) { planned.append(.success(together)) }
    return Self.checked(planned.sorted { $0.database < $1.database }, hasAlignment)
  }

  private static let searchedTogether: Set = ["bfd", "uniref30", "uniclust30"]

  private static func together(_ profiles: [SearchDatabase]) -> SearchStep? {
    let sorted = profiles.sorted { DatabaseRole($0.name) < DatabaseRole($1.name) }
    guard let first = sorted.first else { return nil }
    return SearchStep(
      name: sorted.count > 1 ? "bfd_uniref" : first.name, tool: .hhblits, databases: sorted,
      form: .hhsuite, purpose: .alignment)
  }

  private func step(
    _ database: SearchDatabase, _ form: SearchDatabase.Form
  ) throws(SearchFailure) -> SearchStep {
    let use = DatabaseRole(database.name).use
    let tool: SearchTool
    switch (database.name.lowercased(), use, form) {
    case (_, .pairing, _), ("pdb", _, _):
      throw .database(
        name: database.name,
        problem: "results called \(database.name)_hits have another use in AlphaFold;"
          + " give the database another name")
    case (_, .templates, .mmseqs):
      throw .database(
        name: database.name,
        problem: "\(database.path) is a database of MMseqs2, in which templates are not searched;"
          + " give pdb70 of HH-suite or pdb_seqres in FASTA")
    case (_, .templates, .fasta): tool = .hmmsearch
    case (_, .templates, .hhsuite): tool = .hhsearch
    case (_, .alignment, .fasta): tool = prefersMMseqs ? .mmseqs : .jackhmmer
    case (_, .alignment, .hhsuite): tool = .hhblits
    case (_, .alignment, .mmseqs): tool = .mmseqs
    }
    return SearchStep(
      name: database.name, tool: tool, databases: [database], form: form,
      purpose: use == .templates ? .templates : .alignment)
  }

  /// Replaces steps that must fail given the steps before them by errors.
  private static func checked(
    _ planned: [Result<SearchStep, PlanProblem>], _ hasAlignment: Bool
  ) -> [Result<SearchStep, PlanProblem>] {
    var earlier: [SearchStep] = []
    return planned.map { result in
      result.flatMap { step -> Result<SearchStep, PlanProblem> in
        if let failure = failure(of: step, after: earlier, hasAlignment) {
          return .failure(PlanProblem(name: step.name, failure: failure))
        }
        earlier.append(step)
        return .success(step)
      }
    }
  }

  private static func failure(
    of step: SearchStep, after earlier: [SearchStep], _ hasAlignment: Bool
  ) -> SearchFailure? {
    // File systems of macOS ignore case.
    let file = step.resultName.lowercased()
    if let other = earlier.first(where: { $0.resultName.lowercased() == file }) {
      return .database(
        name: step.name,
        problem: "its result \(step.resultName) would take the place of that of \(other.name)")
    }
    let hasStart = hasAlignment || earlier.contains { $0.purpose == .alignment }
    return step.purpose == .templates && !hasStart ? .noStart(database: step.name) : nil
  }
}

extension Result<SearchStep, SearchOptions.PlanProblem> {
  /// The database whose name determines its position among the others.
  fileprivate var database: DatabaseRole {
    switch self {
    case .success(let step): DatabaseRole(step.name)
    case .failure(let problem): DatabaseRole(problem.name)
    }
  }
}
