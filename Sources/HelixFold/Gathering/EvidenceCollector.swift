import AtomicFiles
import Evidence
import FeaturePipeline
import Foundation
import Messages
import NumericArrays
import Protein
import StructureIO

/// Completes targets before they are predicted: searches, templates, choice of rows.
///
/// Suppl. 1.2.1 – 1.2.3. The results are kept in the target's folder, as in AlphaFold2: `msas/`, and `searches.tsv` and
/// `templates.tsv` with the outcome of every search and every hit.
public struct EvidenceCollector: Sendable {
  private let options: EvidenceOptions
  /// The searches that are asked for, in a dry run too.
  private let asked: SearchOptions?
  private let output: String
  private let reporter: ProgressReporter
  /// Whether another process searches and writes, and this one uses its results.
  private let follows: Bool
  /// Whether nothing is searched or written: the evidence found is only for a plan.
  private let isDryRun: Bool
  private let versions = ToolVersions()
  private let interruption = SearchInterruption(orWhen: { Interruption.isRequested })

  /// A collector that writes below `output`.
  ///
  /// Throws if a program, a database or a structure is missing, before any work is done.
  ///
  /// - Parameters:
  ///   - follows: whether another process searches and writes, and this one uses its results.
  ///   - isDryRun: whether nothing is searched or written; templates are still read and rows chosen.
  public init(
    _ options: EvidenceOptions, output: String, reporter: ProgressReporter, follows: Bool = false,
    isDryRun: Bool = false
  ) throws {
    var options = options
    options.search?.onlyReuses = follows
    asked = options.search
    // Whether targets bring the alignments that template searches start from is known later.
    for step in asked?.steps(hasAlignment: true) ?? [] { try Self.check(step, asked) }
    try Self.requireTemplates(options)
    if isDryRun { options.search = nil }
    self.options = options
    self.follows = follows
    self.isDryRun = isDryRun
    self.output = output
    self.reporter = reporter
  }

  /// Throws if templates are to be searched from an alignment and there will be none.
  func requireStarts(hasAlignments: Bool) throws(SearchFailure) {
    for case .failure(let problem) in asked?.steps(hasAlignment: hasAlignments) ?? [] {
      throw problem.failure
    }
  }

  /// Throws if a file or folder of templates is missing, a named file is not a structure, or a list is empty.
  public static func requireTemplates(_ options: EvidenceOptions) throws {
    for path in options.templates.userPaths {
      // Unreadable files of a folder become rows of templates.tsv.
      if try UserTemplates.files(at: path) == [path], PathKind.isReadAgain(path) {
        _ = try StructureFile.read(path)
      }
    }
    let templates = options.templates
    let others = [templates.structureFolder, templates.releaseDateFile, templates.obsoleteFile]
    for path in options.hitPaths + others.compactMap(\.self) {
      switch PathKind(of: path) {
      case .absent: throw InputError.missing(file: path)
      case .folder: _ = try FolderContents.names(in: path) { _ in false }
      case .file: break
      }
    }
    for path in options.hitPaths where PathKind(of: path) == .file && PathKind.isReadAgain(path) {
      let text = try InputText(path: path)
      if !TemplateOptions.isStockholm(text) { _ = try HHRFile.parse(text) }
    }
    try requireEntries(templates)
  }

  /// Throws if a list of release dates or obsolete entries has no valid line.
  private static func requireEntries(_ templates: TemplateOptions) throws(InputError) {
    var dates = EntryDates()
    if let path = templates.releaseDateFile, PathKind.isReadAgain(path) {
      dates.addReleaseDates(try InputText(path: path))
      if dates.released.isEmpty {
        throw .content(
          file: path, problem: "holds no release date, expected lines such as 1abc:2000-01-31")
      }
    }
    if let path = templates.obsoleteFile, PathKind.isReadAgain(path) {
      dates.addObsolete(try InputText(path: path))
      if dates.successors.isEmpty {
        throw .content(
          file: path,
          problem:
            "holds no obsolete entry, expected lines such as 'OBSLTE    31-JUL-94 116L     216L'")
      }
    }
  }

  private static func check(
    _ planned: Result<SearchStep, SearchOptions.PlanProblem>, _ options: SearchOptions?
  ) throws(SearchFailure) {
    switch planned {
    case .failure(let problem): throw problem.failure
    case .success(let step):
      for tool in step.tools { _ = try options?.tools.executable(tool) }
      for database in step.databases {
        if let problem = DatabaseStatus(database).problem { throw problem }
      }
    }
  }

  /// A target from its sequence and the alignments that the user gave; errors count as the target's failure.
  package func target(
    _ id: String, _ parts: TargetPreparation.Parts, _ spill: FeatureSpill
  ) throws -> PredictionTarget {
    var gathered = GatheredEvidence()
    var warnings = parts.warnings
    let features: Result<RawFeatures, any Error>
    do {
      var (sequence, alignments) = try parts.evidence.get()
      var hitFiles = try hitFiles(of: id)
      let raw = try alone(id) {
        if let search = options.search {
          let report = try self.search(search, id, sequence, alignments, &gathered)
          alignments += try report.usedAlignments()
          hitFiles += report.templateHits.compactMap(\.path)
        }
        if hitFiles.isEmpty { hitFiles = hitsBeside(parts) }
        var raw = try RawFeatures(id: id, sequence: sequence, alignments: alignments)
        raw.header = parts.header
        if raw.rowCount == 1 { warnings.append(parts.singleSequenceWarning) }
        return try completed(raw, sequence, hitFiles, &gathered, spill)
      }
      features = .success(raw)
    } catch let stop as Interrupted {
      throw stop
    } catch {
      features = .failure(error)
    }
    return PredictionTarget(
      id: id, features: features, warnings: warnings, gathered: gathered, spill: spill)
  }

  /// A target with a given alignment: replaces its templates if others are requested, and chooses its rows.
  func completing(
    _ id: String, _ ready: Result<RawFeatures, any Error>, _ warnings: [String],
    _ spill: FeatureSpill
  ) throws -> PredictionTarget {
    var gathered = GatheredEvidence()
    let features = ready.flatMap { raw in
      Result {
        let letters = raw.aatype.map { AminoAcid(rawValue: $0) ?? .unknown }
        return try alone(id) {
          try completed(raw, ProteinSequence(letters), try hitFiles(of: id), &gathered, spill)
        }
      }
    }
    return PredictionTarget(
      id: id, features: features, warnings: warnings, gathered: gathered, spill: spill)
  }

  /// Runs `body`, which writes to a target's folder, while no other process writes there.
  private func alone(_ id: String, _ body: () throws -> RawFeatures) throws -> RawFeatures {
    if follows || isDryRun || (options.search == nil && !options.usesTemplates) {
      return try body()
    }
    let folder = "\(output)/\(id)"
    try AtomicFile.createFolder(folder)
    guard let lock = FolderLock(folder) else { throw PredictionError.busy(folder: folder) }
    try PredictionFolder(path: folder, isKept: true).requireOwn()
    return try withExtendedLifetime(lock) { try body() }
  }

  // MARK: - Searches

  private func search(
    _ search: SearchOptions, _ id: String, _ sequence: ProteinSequence, _ given: [Alignment],
    _ gathered: inout GatheredEvidence
  ) throws -> SearchReport {
    let folder = "\(output)/\(id)"
    try AtomicFile.createFolder(folder)
    let report = SearchRunner(
      options: search, interruption: interruption, versions: versions
    ) { [reporter] event in
      reporter.report(event, of: id)
    }.run(sequence: sequence, given: given, into: folder + "/msas")
    if !follows { try AtomicFile.write(report.text, to: folder + "/searches.tsv") }
    if interruption.isInterrupted { throw Interrupted(.goesOnWithResume) }
    gathered.files.insert("searches.tsv")
    gathered.files.formUnion(report.rows.compactMap(\.resultName).map { "msas/\($0)" })
    gathered.stages += report.rows.map { row in
      ("search_\(row.step)\(row.isCached ? "_cached" : "")", row.seconds)
    }
    for row in report.rows {
      let found = row.failure.map { "failed: \($0)" } ?? "\(counted(row.rows, "row"))"
      gathered.searches["search \(row.step)"] =
        [found, row.origin?.text].compactMap(\.self).joined(separator: "; ")
    }
    gathered.isIncomplete = !report.failures.isEmpty
    // A run without any alignment because every search failed is one that nobody asked for.
    if report.alignments.isEmpty && given.isEmpty, let failure = report.failures.first {
      throw failure
    }
    return report
  }

  // MARK: - Templates and rows

  private func completed(
    _ raw: RawFeatures, _ sequence: ProteinSequence, _ hitFiles: [String],
    _ gathered: inout GatheredEvidence, _ spill: FeatureSpill
  ) throws -> RawFeatures {
    var raw = raw
    if options.usesTemplates {
      let clock = ContinuousClock.now
      let (structures, table) = try options.templates.templates(for: sequence, hitFiles: hitFiles)
      raw.templates = structures
      if !follows && !isDryRun {
        try AtomicFile.createFolder("\(output)/\(raw.id)")
        try AtomicFile.write(table.text, to: "\(output)/\(raw.id)/templates.tsv")
      }
      gathered.files.insert("templates.tsv")
      gathered.stages.append(("templates", (ContinuousClock.now - clock).seconds))
      let rejected = table.rejections.isEmpty ? "" : " (\(table.rejections))"
      reporter.note(
        "\(raw.id)  \(table.usedCount) of \(table.rows.count) hits and structures became templates\(rejected)\(isDryRun ? "" : "; templates.tsv says why")",
        event: "templates",
        [("target", .string(raw.id)), ("used", .integer(table.usedCount))])
      warnOfUnused(table, hasHits: !hitFiles.isEmpty, of: raw.id)
    }
    return try chosen(raw, &gathered, spill)
  }

  /// Says so where structures that the user named, or hits, are of no use.
  private func warnOfUnused(_ table: TemplateTable, hasHits: Bool, of id: String) {
    guard table.usedCount == 0 else { return }
    let first = table.rows.first.map { ": \($0.name): \($0.reason)" } ?? ""
    if !options.templates.userPaths.isEmpty {
      reporter.warn("\(id): no structure of --template is used\(first)")
    } else if hasHits {
      reporter.warn(
        "\(id): no template: \(table.rows.isEmpty ? "nothing was hit" : "no hit is used\(first)")")
    } else if let folder = options.templates.structureFolder, !(isDryRun && asked != nil) {
      reporter.warn(
        "\(id): no template: no hits name structures of \(folder); search pdb70 or pdb_seqres, or give --template-hits"
      )
    }
  }

  private func chosen(
    _ raw: RawFeatures, _ gathered: inout GatheredEvidence, _ spill: FeatureSpill
  ) throws -> RawFeatures {
    gathered.rowBudget = options.rowBudget
    guard let budget = options.rowBudget, raw.rowCount > budget else { return raw }
    let clock = ContinuousClock.now
    let kept = RowSelection.choose(
      count: raw.rowCount, budget: budget, scores: raw.proxyScores, seed: options.seed)
    gathered.stages.append(("choose_rows", (ContinuousClock.now - clock).seconds))
    gathered.complete = spill.keep(raw)
    gathered.kept = kept
    let matter = Int(kept.effectiveRows.rounded())
    reporter.note(
      "\(raw.id)  \(kept.rows.count) of \(raw.rowCount) rows kept, rule: \(kept.rule.rawValue) (\(matter) rows matter by their scores); experimental",
      event: "rows", [("target", .string(raw.id)), ("kept", .integer(kept.rows.count))])
    return raw.keepingRows(kept)
  }

  /// Template hit files of a target: files that are named, and files in folders with the target's name.
  private func hitFiles(of id: String) throws -> [String] {
    guard options.usesTemplates else { return [] }
    return try options.hitPaths.flatMap { path -> [String] in
      PathKind(of: path) == .folder ? try Self.hitFiles(in: path, of: id) : [path]
    }
  }

  /// Throws if a folder of template hits has none for any of the targets.
  func requireHits(of ids: [String]) throws {
    for path in options.hitPaths where options.usesTemplates && PathKind(of: path) == .folder {
      if try ids.contains(where: { try !Self.hitFiles(in: path, of: $0).isEmpty }) { continue }
      throw InputError.content(
        file: path,
        problem: "holds no template hits for any target, expected ID.hhr, ID.sto or ID/*.hhr,"
          + " such as \(ids.first ?? "target").hhr")
    }
  }

  /// Hits that other programs left beside the search results that the target came with, for structures in the folder given.
  ///
  /// Where AlphaFold2 (`msas`) and OpenProteinSet (`hhr`) have them.
  private func hitsBeside(_ parts: TargetPreparation.Parts) -> [String] {
    guard options.templates.structureFolder != nil,
      let alignments = try? parts.evidence.get().alignments
    else { return [] }
    var folders: [String] = []
    for alignment in alignments where DatabaseRole(file: alignment.source) != nil {
      let folder = URL(fileURLWithPath: alignment.source).deletingLastPathComponent()
      for place in [folder.path, folder.deletingLastPathComponent().path + "/hhr"]
      where !folders.contains(place) {
        folders.append(place)
      }
    }
    return folders.lazy.map(Self.searchHits).first { !$0.isEmpty } ?? []
  }

  /// Template hits in a folder under a name that AlphaFold2 or OpenProteinSet gives them, one file at most.
  private static func searchHits(in folder: String) -> [String] {
    let names = ["pdb_hits.hhr", "pdb70_hits.hhr", "pdb_hits.sto"]
    return names.lazy.map { "\(folder)/\($0)" }.first {
      PathKind(of: $0) == .file && !PathKind.isStream($0)
    }.map { [$0] } ?? []
  }

  /// `ID.hhr`, `ID.sto`, and in `ID/` and its subfolders any `.hhr` and AlphaFold2's `pdb_hits.sto`; else the hits of a single
  /// target in the folder itself.
  private static func hitFiles(in folder: String, of id: String) throws -> [String] {
    let named = ["\(folder)/\(id).hhr", "\(folder)/\(id).sto"].filter {
      FileManager.default.fileExists(atPath: $0) && !PathKind.isStream($0)
    }
    _ = try FolderContents.names(in: "\(folder)/\(id)", ifPresent: true) { _ in false }
    let inner = FileManager.default.enumerator(atPath: "\(folder)/\(id)")
    let found = (inner?.compactMap { $0 as? String } ?? []).filter {
      $0.hasSuffix(".hhr") || $0 == "pdb_hits.sto" || $0.hasSuffix("/pdb_hits.sto")
    }
    let all =
      named + found.sorted().map { "\(folder)/\(id)/\($0)" }.filter { !PathKind.isStream($0) }
    return all.isEmpty ? searchHits(in: folder) : all
  }
}

extension ProgressReporter {
  /// Reports the progress of a search in this reporter's style.
  package func report(_ event: SearchEvent, of target: String) {
    if case .progress(let step, let share, _, let left) = event {
      return progress("\(target) search \(step)", share ?? 0, remaining: left)
    }
    let text = "\(target)  \(event)"
    switch event {
    case .failed: fail(text, [("target", .string(target))])
    case .warning(let step, let line): warn("\(target)  \(step): \(line)")
    default: note(text, event: "search", [("target", .string(target))])
    }
  }
}
