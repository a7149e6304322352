import AtomicFiles
import FeaturePipeline
import Messages
import NumericArrays
import Reports
import Scoring

/// What happens to a target before the networks run on it, and after.
extension FoldingPipeline {
  /// The work for a target; finds out whether an earlier run has done it.
  func open(
    _ index: Int, _ raw: RawFeatures, _ gathered: GatheredEvidence?
  ) throws -> TargetWork {
    let folder = PredictionFolder(path: options.output + "/" + raw.id, isKept: queue.isWriter)
    let lock = try lock(folder)
    let runs = planner.runs().map {
      (run: $0, fingerprint: $0.provenance(of: raw, options).fingerprint)
    }
    let earlier = EarlierResults(in: folder, of: raw, runs)
    let work = TargetWork(
      index, raw, gathered, folder, runs.map(\.run), earlier: earlier, options, lock: lock)
    // Results skipped by --stop-at-score are not missing.
    let isEnough =
      options.stopScore.map { limit in work.scores.contains { $0.plddt >= limit } } ?? false
    let needed = isEnough ? runs.filter { work.kept[$0.run.name] != nil } : runs
    work.isFinished =
      options.resumes && earlier.damaged.isEmpty && !needed.isEmpty
      && folder.isFinished(needed, earlier.fingerprints)
    let state = work.isFinished ? "finished before" : "to do"
    let identity = runs.map(\.fingerprint.bits).joined(separator: " ")
    let done = work.kept.keys.sorted().joined(separator: " ")
    let differing = earlier.differing.map(\.name).joined(separator: " ")
    try queue.requireSame(
      "\(raw.id): \(state), inputs \(identity)" + (done.isEmpty ? "" : ", done \(done)")
        + (differing.isEmpty ? "" : ", made otherwise \(differing)"))
    try requireSameOrigin(work)
    return work
  }

  /// Refuses to replace results that were made in another way where the run is to go on with what is there.
  private func requireSameOrigin(_ work: TargetWork) throws {
    guard options.resumes, !options.replacesDiffering, !work.earlier.differing.isEmpty else {
      return
    }
    var differences: [String] = []
    for (name, origin) in work.earlier.differing {
      guard let run = work.runs.first(where: { $0.name == name }) else { continue }
      for line in origin.differences(from: run.provenance(of: work.raw, options).origin)
      where !differences.contains(line) { differences.append(line) }
    }
    throw PredictionError.differing(
      folder: work.folder.path, results: work.earlier.differing.map(\.name),
      differences: differences)
  }

  /// Makes a target's folder and keeps other processes out of it; if another process holds it, every process of the team throws.
  private func lock(_ folder: PredictionFolder) throws -> FolderLock? {
    var lock: FolderLock?
    if folder.isKept {
      try AtomicFile.createFolder(folder.path)
      lock = FolderLock(folder.path)
    }
    if try queue.broadcastFromWriter(folder.isKept && lock == nil) {
      throw PredictionError.busy(folder: folder.path)
    }
    let foreign = folder.isKept ? folder.foreignResult : nil
    if try queue.broadcastFromWriter(foreign != nil) {
      throw PredictionError.foreign(folder: folder.path, file: foreign ?? "a result")
    }
    return lock
  }

  /// Makes plans, then the folder with what is known before the network runs; earlier results stay until there are new ones.
  func begin(_ work: TargetWork) throws {
    if work.isFinished {
      for run in work.runs { work.folder.remove(run.stateFile) }
      try drawAgain(work)
      return reporter.note("\(work.raw.id): \(finishedLine(of: work))")
    }
    sayTurn(of: work)
    do {
      for (number, run) in work.runs.enumerated() where work.kept[run.name] == nil {
        work.plans[number] = try planner.plan(
          work.raw, choosingFrom: work.gathered?.complete, run, announces: true)
      }
    } catch {
      work.folder.removeIfEmpty()
      throw error
    }
    sayEarlier(work)
    // A state beside a kept result belongs to a run that would have replaced it.
    for run in work.runs where work.kept[run.name] != nil { work.folder.remove(run.stateFile) }
    if !work.losesResults { try makeRoom(work) }
  }

  /// Announces the next target and the time left for all.
  private func sayTurn(of work: TargetWork) {
    if targetCount == 1 && reporter.style != .json { return }
    let left = meter.remaining
    reporter.note(
      "target \(work.index + 1) of \(targetCount): \(work.raw.id)"
        + (left.map { ", about \(ProgressReporter.duration($0)) left for all" } ?? ""),
      event: "target",
      [
        ("target", .string(work.raw.id)), ("number", .integer(work.index + 1)),
        ("of", .integer(targetCount)),
      ] + (left.map { [("eta_seconds", .number($0.rounded()))] } ?? []))
  }

  /// Ranking, report and timings, once all networks have run.
  func conclude(_ work: TargetWork) throws {
    let (raw, runs, folder) = (work.raw, work.runs, work.folder)
    try makeRoom(work)
    try folder.removeSummaries()
    if let gathered = work.gathered {
      try reportRowBudget(raw, gathered, runs[0], folder, &work.timings)
    }
    report(work.timings, of: raw)
    for result in work.results {
      let check = BackboneCheck(result.prediction, of: raw)
      if let line = check.caution(about: result.name) { reporter.warn("\(raw.id): \(line)") }
    }
    let kept = work.keptResults
    let provenanceOf = provenance(of: work)
    var report = try folder.report(
      of: work.results + kept, on: work, provenance: provenanceOf, timings: work.timings,
      reference: options.reference)
    try folder.write(&report)
    try sayScores(of: raw, &report)
    try folder.removeDrawings()
    try folder.write(report.figures(), as: work.plots)
    let notes = runs.compactMap { run in run.model.note.map { (run.name, $0) } }
    try folder.writeRanking(
      work.scores, notes: Dictionary(notes) { first, _ in first }, timings: work.timings)
    if queue.isWriter, folder.bestStructure.hasSuffix(".cif") {
      reporter.warn(
        "\(raw.id): the structure does not fit the columns of a PDB file (residue numbers from -999 to 9999, coordinates from -999 to 9999 Å); it is in ranked_0.cif only"
      )
    }
    for run in runs { folder.remove(run.stateFile) }
    if reporter.style == .json { sayEnd(of: raw, work.scores) }
  }

  /// How each result of a target was made.
  private func provenance(of work: TargetWork) -> (ModelResult) -> PredictionProvenance {
    let provenance = Dictionary(
      work.runs.map { ($0.name, $0.provenance(of: work.raw, options)) }
    ) { first, _ in first }
    return { result in
      var found = provenance[result.name] ?? work.runs[0].provenance(of: work.raw, self.options)
      found.arithmetic = work.kept[result.name]?.arithmetic ?? found.arithmetic
      return found
    }
  }

  /// For a target finished earlier, writes the drawings and the scores against a reference that are requested now.
  private func drawAgain(_ work: TargetWork) throws {
    let folder = work.folder
    let lacksPlots = options.plots.map { !folder.has("plot_plddt.\($0.rawValue)") } ?? false
    guard lacksPlots || options.reference != nil else { return }
    var report = try folder.report(
      of: work.keptResults, on: work, provenance: provenance(of: work),
      timings: folder.earlierTimings, reference: options.reference)
    if options.reference != nil {
      try folder.write(&report)
      try sayScores(of: work.raw, &report)
      reporter.note(
        "\(work.raw.id): report.html is made again, without contacts, which no file keeps")
    }
    if lacksPlots, let plots = options.plots { try folder.write(report.figures(), as: [plots]) }
  }

  /// A line for each prediction that was scored against the reference.
  private func sayScores(of raw: RawFeatures, _ report: inout PredictionReport) throws {
    guard report.reference != nil else { return }
    for (model, report) in try report.scores() {
      let superposed = report.whole.superposed
      let lddt = report.whole.lddtAlpha.score.map { ("lDDT-Cα", "lddt_ca", $0) }
      let scores =
        [lddt].compactMap(\.self) + [
          ("TM", "tm_score", superposed.tmScore.value), ("GDT-TS", "gdt_ts", superposed.gdtTS),
        ]
      let values = scores.map { "\($0.0) \(fixed($0.2, decimals: 3))" }.joined(separator: " ")
      reporter.note(
        "\(raw.id) \(model): \(values) against \(options.referenceName)", event: "score",
        [
          ("target", .string(raw.id)), ("model", .string(model)),
          ("reference", .string(options.referenceName)),
        ] + scores.map { ($0.1, .number($0.2)) })
    }
  }

  /// Reports to programs that a target is done; people see the files.
  private func sayEnd(of raw: RawFeatures, _ scores: [RankingScore]) {
    guard let best = scores.min(by: { $0.isBefore($1) }) else { return }
    reporter.note(
      "\(raw.id): done", event: "done",
      [
        ("target", .string(raw.id)), ("best", .string(best.model)), ("plddt", .number(best.plddt)),
        ("predictions", .integer(scores.count)),
      ])
  }

  /// Writes coverage and depth of the alignment, and reports its size.
  func reportAlignment(
    _ statistics: MSAStatistics, of raw: RawFeatures, _ folder: PredictionFolder
  ) throws {
    let id = raw.id
    try folder.keep("msa_coverage.svg") {
      try AtomicFile.write(statistics.drawing(of: id, numbers: raw.residueNumbers), to: $0)
    }
    reporter.note(
      "\(id)  \(statistics.summary)", event: "alignment",
      [
        ("target", .string(id)), ("rows", .integer(statistics.rows)),
        ("neff", .number(statistics.neff)),
      ])
  }

  /// One line with the time of each stage.
  private func report(_ timings: [(name: String, value: Double)], of raw: RawFeatures) {
    let stages = timings.map { "\($0.name) \(fixed($0.value, decimals: 1)) s" }
    reporter.note(
      "\(raw.id)  time: \(stages.joined(separator: ", "))", event: "timings",
      [("target", .string(raw.id))] + timings.map { ($0.name, .number($0.value)) })
  }
}
