import AtomicFiles
import FeaturePipeline
import Foundation
import Protein

/// Searches databases for one target after another; a failed search does not stop the others.
public struct SearchRunner: Sendable {
  /// What to search and how.
  public let options: SearchOptions
  /// Stops the searches.
  public let interruption: SearchInterruption
  private let onEvent: @Sendable (SearchEvent) -> Void
  private let cache: SearchCache
  private let versions: ToolVersions

  /// A runner; events are delivered on the thread that runs.
  ///
  /// - Parameter versions: what is known of programs, shared by the runners of many targets.
  public init(
    options: SearchOptions, interruption: SearchInterruption = SearchInterruption(),
    versions: ToolVersions = ToolVersions(),
    onEvent: @escaping @Sendable (SearchEvent) -> Void = { _ in }
  ) {
    self.options = options
    self.interruption = interruption
    self.onEvent = onEvent
    self.versions = versions
    cache = SearchCache(folder: options.cacheFolder)
  }

  /// Runs all searches for a target and writes the results to a folder, named as in AlphaFold's `msas`.
  ///
  /// - Parameter given: alignments that the target has already; templates are searched from the first of them where no search finds one.
  public func run(
    sequence: ProteinSequence, given: [Alignment] = [], into folder: String
  ) -> SearchReport {
    var report = SearchReport()
    cache.removeAbandoned()
    for planned in options.steps(hasAlignment: !given.isEmpty) {
      switch planned {
      case .failure(let problem):
        onEvent(.failed(step: problem.name, failure: problem.failure))
        report.rows.append(.init(step: problem.name, failure: problem.failure))
      case .success(let step):
        let starts = Starts(found: report.alignments, given: given.first)
        report.rows.append(row(step, sequence, folder, starts))
      }
    }
    return report
  }

  /// What templates can be searched from.
  private struct Starts {
    /// Results of the searches before.
    let found: [SearchReport.Row]
    /// The first alignment that the target came with.
    let given: Alignment?

    /// The query of a search for templates.
    ///
    /// UniRef90 is the first of all where it was searched; hmmbuild gets what jackhmmer wrote where there is that.
    func query(of step: SearchStep) throws -> String? {
      let own = step.tool == .hmmsearch ? found.first { $0.tool == .jackhmmer } : nil
      let isStockholm = step.tool == .hmmsearch
      if let path = (own ?? found.first)?.path {
        let text = try InputText(path: path)
        return isStockholm ? try TemplateQuery.stockholm(text) : try TemplateQuery.a3m(text)
      }
      return given.map { isStockholm ? TemplateQuery.stockholm($0) : TemplateQuery.a3m($0) }
    }
  }

  private func row(
    _ step: SearchStep, _ sequence: ProteinSequence, _ folder: String, _ starts: Starts
  ) -> SearchReport.Row {
    var row = SearchReport.Row(step: step.name, tool: step.tool)
    let start = Date()
    do throws(SearchFailure) {
      if interruption.isInterrupted { throw .interrupted(step.tool) }
      let found = try result(step, sequence, starts)
      row.rows = try Self.checkedRows(found.content, step, sequence)
      row.isCached = found.isCached
      row.origin = SearchOrigin(found.entry)
      row.path = try Self.write(found.content, to: folder, name: step.resultName)
      row.purpose = step.purpose
      row.seconds = Date().timeIntervalSince(start)
      onEvent(
        row.isCached
          ? .cached(step: step.name)
          : .finished(step: step.name, rows: row.rows, seconds: row.seconds))
    } catch {
      row.failure = error
      row.seconds = Date().timeIntervalSince(start)
      onEvent(.failed(step: step.name, failure: error))
    }
    return row
  }

  private func result(
    _ step: SearchStep, _ sequence: ProteinSequence, _ starts: Starts
  ) throws(SearchFailure) -> (content: [UInt8], entry: SearchCache.Entry, isCached: Bool) {
    let input = try Self.input(step, sequence, starts)
    let program = try options.tools.executable(step.tool)
    let key = try key(step, sequence, input: input)
    if interruption.isInterrupted { throw .interrupted(step.tool) }
    let stored = cache.content(key) { onEvent(.warning(step: step.name, line: $0)) }
    if let stored { return (stored.content, stored.entry, true) }
    if options.onlyReuses { throw .files("the first process has left no result") }
    let content = try search(step, input: input, databaseBytes: key.databases.flatMap(\.files))
    _ = try Self.checkedRows(content, step, sequence)
    let entry = SearchCache.entry(content, key: key, toolPath: program)
    do {
      try cache.store(content, entry)
    } catch {
      onEvent(.warning(step: step.name, line: "the result is not kept for later: \(error)"))
    }
    return (content, entry, false)
  }

  /// The sequence in FASTA, or the alignment that a template search starts from.
  private static func input(
    _ step: SearchStep, _ sequence: ProteinSequence, _ starts: Starts
  ) throws(SearchFailure) -> String {
    guard step.purpose == .templates else { return ">target\n\(sequence.letters)\n" }
    let query: String?
    do {
      query = try starts.query(of: step)
    } catch {
      throw .files("\(error)")
    }
    guard let query else { throw .startFailed }
    return query
  }

  private func key(
    _ step: SearchStep, _ sequence: ProteinSequence, input: String
  ) throws(SearchFailure) -> SearchCache.Key {
    let names = SearchStep.Names(
      input: "{input}", work: "{work}",
      databases: step.databases.indices.map { "{database\($0)}" }, threads: "{threads}")
    var identities: [SearchDatabase.Identity] = []
    for database in step.databases { identities.append(try database.identity()) }
    // Programs of one package say the same once.
    var found: [String] = []
    for tool in step.tools {
      let path = try options.tools.executable(tool)
      let version = versions.version(of: tool, at: path, interruption: interruption)
      if !found.contains(version) { found.append(version) }
    }
    return SearchCache.Key(
      tool: step.tool,
      toolVersion: found.joined(separator: ", "),
      arguments: ([step.conversion(names)].compactMap { $0 } + step.commands(names)).map {
        [$0.tool.rawValue] + $0.arguments
      },
      sequence: sequence.letters,
      alignment: step.purpose == .templates ? SHA256.hex(input) : nil, databases: identities)
  }

  /// Runs the commands of a step in a separate folder and reads their result.
  private func search(
    _ step: SearchStep, input: String, databaseBytes files: [SearchDatabase.Identity.File]
  ) throws(SearchFailure) -> [UInt8] {
    let work: String
    do {
      work = try cache.makeWorkFolder()
      try AtomicFile.write(input, to: work + "/input")
    } catch {
      throw .files("\(error)")
    }
    defer { try? FileManager.default.removeItem(atPath: work) }
    var names = SearchStep.Names(
      input: work + "/input", work: work, databases: step.databases.map(\.path),
      threads: "\(options.threads)")
    let bytes = files.map(\.bytes).reduce(0, +)
    if let converted = try converted(step, names, bytes) { names.databases = [converted] }
    for command in step.commands(names) { try run(command, step: step, bytes) }
    return try Self.produced(step, in: work)
  }

  /// The database that MMseqs2 searches instead of one in FASTA: made once and kept with the results; nil if none is needed.
  private func converted(
    _ step: SearchStep, _ names: SearchStep.Names, _ bytes: Int
  ) throws(SearchFailure) -> String? {
    guard let database = step.databases.first, let command = step.conversion(names) else {
      return nil
    }
    let identity = try database.identity()
    if let kept = cache.database(identity) { return kept }
    try run(command, step: step, bytes)
    do {
      return try cache.storeDatabase(from: names.work, identity)
    } catch {
      throw .files("\(error)")
    }
  }

  /// The result of the last command, truncated to the rows that are used.
  private static func produced(
    _ step: SearchStep, in work: String
  ) throws(SearchFailure) -> [UInt8] {
    let path = "\(work)/\(step.producedName)"
    guard let status = FileStatus(of: path) else {
      if step.tool == .hmmsearch { return [] }
      throw .unusableResult(step.tool, problem: "it left no file")
    }
    let limit = InputText.maximumBytes
    var content: [UInt8]?
    if step.tool == .jackhmmer, let rows = step.maximumRows {
      content = StockholmCut.firstRows(rows, of: path, limit: limit)
    } else if status.bytes <= limit {
      content = FileManager.default.contents(atPath: path).map { [UInt8]($0) }
    }
    guard let content else {
      throw .unusableResult(
        step.tool, problem: "\(step.resultName) cannot be read or is larger than 2 GiB, the limit")
    }
    return content
  }

  private func run(
    _ command: SearchStep.Command, step: SearchStep, _ databaseBytes: Int
  ) throws(SearchFailure) {
    let executable = try options.tools.executable(command.tool)
    onEvent(.started(step: step.name, program: command.name, databaseBytes: databaseBytes))
    let start = Date()
    var lastReport = start
    let database = step.databases[0].path
    let size = FileStatus(of: database)?.bytes
    let outcome: (end: FailureCause.End, log: String)
    do {
      outcome = try ToolProcess(
        executable: executable, arguments: command.arguments
      ).run(interruption: interruption) { line in
        onEvent(.message(step: step.name, line: line))
      } onTick: { process in
        guard Date().timeIntervalSince(lastReport) >= 2 else { return }
        lastReport = Date()
        let elapsed = lastReport.timeIntervalSince(start)
        let share = size.flatMap {
          ReadingProgress.share(process: process, file: database, size: $0)
        }
        onEvent(
          .progress(
            step: step.name, share: share, elapsed: elapsed,
            left: ReadingProgress.secondsLeft(share: share, elapsed: elapsed)))
      }
    } catch {
      throw .toolFailed(command.tool, cause: "\(error)")
    }
    if interruption.isInterrupted { throw .interrupted(command.tool) }
    if outcome.end != .exit(0) {
      throw .toolFailed(command.tool, cause: FailureCause.line(outcome.end, log: outcome.log))
    }
  }

  /// Number of rows or hits; throws unless the result is valid and belongs to the target.
  private static func checkedRows(
    _ content: [UInt8], _ step: SearchStep, _ sequence: ProteinSequence
  ) throws(SearchFailure) -> Int {
    let text = InputText(name: step.resultName, bytes: content)
    do {
      switch step.tool {
      case .jackhmmer, .hhblits, .mmseqs:
        let alignment = try Alignment.parse(text)
        try alignment.checkQuery(is: sequence)
        return alignment.rows
      case .hhsearch: return try HHRFile.parse(text).hits.count
      case .hmmsearch, .hmmbuild:
        return try HmmsearchHits.parse(text, target: sequence.letters).hits.count
      }
    } catch {
      throw .unusableResult(step.tool, problem: "\(error)")
    }
  }

  private static func write(
    _ content: [UInt8], to folder: String, name: String
  ) throws(SearchFailure) -> String {
    let path = "\(folder)/\(name)"
    do {
      try AtomicFile.createFolder(folder)
      try content.withUnsafeBytes { try AtomicFile.write($0, to: path) }
    } catch {
      throw .files("\(error)")
    }
    return path
  }
}
