import AtomicFiles
import Distribution
import FeaturePipeline
import FoldingCore
import FoldingModel
import Foundation
import NumericArrays
import StructureIO
import TensorCore

/// From targets to folders of results: the program in one walk.
///
/// Read this file first. Every target is predicted by every network with every seed; a target that fails is written down and the others go on.
public final class FoldingPipeline {
  let options: PredictionOptions
  let reporter: ProgressReporter
  let context: ExecutionContext
  let models: [ModelDescription]
  private var loaded: (name: String, network: FoldingNetwork)?
  /// Called after each saved pass; what it throws stops the run there, as a signal would.
  var afterPass: () throws -> Void = {}
  let queue: TargetQueue
  private var outcomes: [TargetOutcome] = []
  private var targetCount = 1
  private var meter = TargetMeter()

  /// A run with the given networks; `queue` shares its targets with other processes.
  public init(
    _ options: PredictionOptions, models: [ModelDescription], reporter: ProgressReporter,
    queue: TargetQueue? = nil
  ) throws {
    self.queue = try queue ?? TargetQueue(SingleMember(), teamSize: 1, output: options.output)
    self.options = options
    self.models = models
    self.reporter = reporter
    self.context = ExecutionContext(
      workers: WorkerGroup(count: options.threads), pool: BufferPool(), storage: options.storage,
      backend: options.backend
    ).sharing(with: self.queue.operations)
  }

  /// Predicts all targets and returns the status for the shell.
  ///
  /// - Parameter finished: called with each finished target and the files that people look at.
  public func predict(
    _ targets: [PredictionTarget], finished: (_ target: String, _ files: [String]) -> Void
  ) throws -> ExitStatus {
    try queue.requireSame(targets)
    targetCount = targets.count
    if !queue.isShared { meter = TargetMeter(costs(of: targets)) }
    do {
      try AtomicFile.createFolder(options.output)
      for group in try groups(of: targets) { try predict(group, of: targets, finished) }
    } catch PredictionError.interrupted {
      queue.remove()
      try write(outcomes)
      throw options.resumes ? PredictionError.stopped(.goesOn) : PredictionError.interrupted
    }
    outcomes = try TargetOutcome.merge(try queue.close(try TargetOutcome.document(outcomes)))
    try write(outcomes)
    let failures = outcomes.compactMap(\.failure)
    if failures.isEmpty {
      return targets.contains { $0.gathered?.isIncomplete == true } ? .someFailed : .success
    }
    return failures.count < targets.count ? .someFailed : failures[0]
  }

  /// One target, or several that share passes: features → network → files.
  ///
  /// In a team all processes walk through this together; the one that leads writes the files.
  private func predict(
    _ group: [Int], of targets: [PredictionTarget],
    _ finished: (_ target: String, _ files: [String]) -> Void
  ) throws {
    var works: [TargetWork] = []
    let started = ContinuousClock.now
    for index in group where try queue.take(index) {
      let target = targets[index]
      for warning in target.warnings + cautions(about: target) {
        reporter.warn("\(target.id): \(warning)")
      }
      let raw: RawFeatures  // Suppl. 1.2: alignment, templates
      switch target.features {
      case .success(let features): raw = features
      case .failure(let error):
        note(error, index, target.id)
        continue
      }
      var work: TargetWork?
      let isReady = try attempt(index, target.id) {
        if options.isDryRun { return try announce(raw) }
        let opened = try open(index, raw, target.gathered)
        work = opened
        try begin(opened)
      }
      if let work {
        work.hasFailed = !isReady
        works.append(work)
      }
    }
    for number in 0..<(works.first?.runs.count ?? 0) {
      try run(number, of: works.filter(\.isOpen))
    }
    for work in works where !work.hasFailed {
      try attempt(work) {
        if work.isOpen { try conclude(work) }
        outcomes.append(outcome(of: work))
        if queue.isWriter { finished(work.raw.id, work.files) }
      }
    }
    meter.finish(
      group, computed: works.filter { $0.isOpen && $0.kept.isEmpty }.map(\.index),
      seconds: (ContinuousClock.now - started).seconds)
  }

  /// Does something for a target; when it fails, nothing more is done for it.
  func attempt(_ work: TargetWork, _ body: () throws -> Void) throws {
    work.hasFailed = try !attempt(work.index, work.raw.id, body)
  }

  /// Does something for a target, and writes down its failure unless that ends the whole run.
  private func attempt(_ index: Int, _ id: String, _ body: () throws -> Void) throws -> Bool {
    do {
      try body()
      return true
    } catch let error where isFinal(error) {
      throw error
    } catch {
      note(error, index, id)
      return false
    }
  }

  /// What there is to say of a target that is done.
  private func outcome(of work: TargetWork) -> TargetOutcome {
    var outcome = TargetOutcome(work.index, work.raw.id)
    outcome.residues = work.raw.residueCount
    outcome.rows = work.raw.rowCount
    if work.isFinished {
      outcome.best = Standing(bestOf: work.folder.file("ranking_debug.json"))
    } else {
      outcome.neff = work.statistics.neff
      outcome.best = Standing.ranked(work.standings).first
      outcome.seconds = work.timings.reduce(0) { $0 + $1.value }
    }
    return outcome
  }

  /// Writes down that a target failed.
  private func note(_ error: any Error, _ index: Int, _ id: String) {
    outcomes.append(TargetOutcome(index, id, failure: error))
    reporter.fail("\(id): \(error)", [("target", .string(id))])
  }

  /// Puts the targets into `summary.tsv` and `failures.json`.
  private func write(_ outcomes: [TargetOutcome]) throws {
    if options.isDryRun || !queue.isFirst { return }
    try RunTables(folder: options.output).merge(outcomes)
  }

  /// Whether an error ends the whole run.
  func isFinal(_ error: any Error) -> Bool {
    if case PredictionError.interrupted = error { return true }
    return queue.isFatal(error)
  }

  /// Targets that cannot be used come first, so that one learns of them at once and not after hours; the others as given, or,
  /// where several processes take them, the longest first, so that none is left with one at the end.
  func order(of targets: [PredictionTarget]) -> [Int] {
    let lengths = targets.map { (try? $0.features.get())?.residueCount }
    let usable = targets.indices.compactMap { index in lengths[index].map { (index, $0) } }
    let sorted = queue.isShared ? usable.sorted { ($1.1, $0.0) < ($0.1, $1.0) } : usable
    return targets.indices.filter { lengths[$0] == nil } + sorted.map(\.0)
  }

  /// Operations of the usable targets over all networks, seeds and passes.
  private func costs(of targets: [PredictionTarget]) -> [Int: Double] {
    var costs: [Int: Double] = [:]
    for (index, target) in targets.enumerated() {
      guard let raw = try? target.features.get() else { continue }
      costs[index] = runs().reduce(0) { $0 + $1.operations(raw) }
    }
    return costs
  }

  /// All networks with all seeds.
  private func runs() -> [PredictionRun] {
    models.flatMap { model in
      (0..<max(1, options.seedCount)).map { PredictionRun(model, seedIndex: $0, options) }
    }
  }

  /// What is to be done for a target; finds out whether an earlier run did it.
  private func open(
    _ index: Int, _ raw: RawFeatures, _ gathered: GatheredEvidence?
  ) throws -> TargetWork {
    let folder = PredictionFolder(path: options.output + "/" + raw.id, isKept: queue.isWriter)
    let lock = try lock(folder)
    let runs = runs().map { (run: $0, fingerprint: $0.provenance(of: raw, options).fingerprint) }
    let earlier = EarlierResults(in: folder, of: raw, runs)
    let work = TargetWork(
      index, raw, gathered, folder, runs.map(\.run), earlier: earlier, resumes: options.resumes,
      lock: lock)
    work.isFinished = options.resumes && folder.isFinished(runs, earlier.fingerprints)
    let state = work.isFinished ? "finished before" : "to do"
    let identity = runs.map(\.fingerprint).joined(separator: " ")
    let done = work.kept.keys.sorted().joined(separator: " ")
    try queue.meet(
      saying: "\(raw.id): \(state), inputs \(identity)" + (done.isEmpty ? "" : ", done \(done)"))
    return work
  }

  /// Makes a target's folder and keeps other processes out of it; all of a team learn when another one is in it.
  private func lock(_ folder: PredictionFolder) throws -> FolderLock? {
    var lock: FolderLock?
    if folder.isKept {
      try AtomicFile.createFolder(folder.path)
      lock = FolderLock(folder.path)
    }
    if try queue.told(folder.isKept && lock == nil) {
      throw PredictionError.busy(folder: folder.path)
    }
    return lock
  }

  /// Plans, then the folder with what is known before the network runs.
  private func begin(_ work: TargetWork) throws {
    if work.isFinished {
      for run in work.runs { work.folder.remove(run.stateFile) }
      return reporter.note("\(work.raw.id): \(finishedLine(of: work))")
    }
    if targetCount > 1 {
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
    do {
      for (number, run) in work.runs.enumerated() where work.kept[run.name] == nil {
        work.plans[number] = try plan(work.raw, run, announces: true)
      }
    } catch {
      work.folder.removeIfEmpty()
      throw error
    }
    try clear(work)
    let started = ContinuousClock.now
    try work.folder.keep("features.h5") {
      try FeatureStore.write([work.gathered.record(of: work.raw)], to: $0)
    }
    let complete = work.gathered?.complete.map { MSAStatistics($0.msa) }
    try reportAlignment(complete ?? work.statistics, of: work.raw.id, work.folder)
    work.timings.append(("features", (ContinuousClock.now - started).seconds))
  }

  /// Ranking, report and timings, once all networks have run.
  private func conclude(_ work: TargetWork) throws {
    let (raw, runs, folder) = (work.raw, work.runs, work.folder)
    try folder.removeSummaries()
    if let gathered = work.gathered {
      try reportRowBudget(raw, gathered, runs[0], folder, &work.timings)
    }
    report(work.timings, of: raw)
    let kept = work.keptResults
    for result in work.results {
      let check = BackboneCheck(result.prediction, of: raw)
      if check.isBad {
        reporter.warn(
          "\(raw.id): \(check.broken) of \(check.bonds) peptide bonds of \(result.name) have a wrong length; the chain is not physical"
        )
      }
    }
    let provenance = Dictionary(runs.map { ($0.name, $0.provenance(of: raw, options)) }) {
      first, _ in first
    }
    let provenanceOf = { (result: ModelResult) in
      provenance[result.name] ?? runs[0].provenance(of: raw, self.options)
    }
    try folder.writeReport(
      work.results + kept, among: work.standings, of: raw, work.statistics,
      provenance: provenanceOf, timings: work.timings, options: options)
    try folder.writeRanking(
      work.standings,
      timings: work.timings + [("peak_memory_bytes", Double(ProcessMemory.residentPeak))])
    if queue.isWriter, folder.bestStructure.hasSuffix(".cif") {
      reporter.warn(
        "\(raw.id): the structure does not fit the columns of a PDB file (residues up to number 9999, coordinates from -999 to 9999 Å); it is in ranked_0.cif only"
      )
    }
    for run in runs { folder.remove(run.stateFile) }
  }

  /// The memory plan of a run, refused when it does not fit.
  func plan(
    _ raw: RawFeatures, _ run: PredictionRun, announces: Bool
  ) throws -> MemoryPlan {
    let (size, limit) = (run.size(raw), try memoryLimit())
    let plan = MemoryPlan.fitting(
      run.config, size, parameters: run.footprint, storage: options.storage,
      threads: options.threads, ensembles: run.config.ensembles,
      pairFormat: options.pairFormat, isShared: queue.operations != nil,
      besides: MemoryPlan.textBytes, limit: limit.bytes)
    if announces {
      let name = models.count > 1 || options.seedCount > 1 ? "\(raw.id) \(run.name)" : raw.id
      reporter.note(
        "\(name)  \(counted(size.residues, "residue")), \(size.clusters)+\(size.extraRows) MSA rows, \(counted(size.templates, "template")); plan: \(ByteCount(plan.peak)) at the peak (\(plan.moments[0].name))\(plan.operands == .whole ? "" : "; triangle operands \(plan.operands.text)")",
        event: "plan",
        [
          ("target", .string(raw.id)), ("model", .string(run.name)),
          ("peak_bytes", .integer(plan.peak)),
          ("tile_lines", .integer(plan.operands.lines ?? size.residues)),
          ("operations", .number(run.operations(raw))),
        ])
    }
    try plan.requireFit(in: limit)
    return plan
  }

  /// Bytes that a plan may take: those allowed, else those that the machine has, the least among processes that share operations.
  ///
  /// Collective in a team.
  func memoryLimit() throws -> MemoryLimit {
    try queue.least(MemoryLimit(allowed: options.memoryLimit))
  }

  /// What a dry run says about a target.
  private func announce(_ raw: RawFeatures) throws {
    let seeds = max(1, options.seedCount)
    for model in models {
      let run = PredictionRun(model, seedIndex: 0, options)
      _ = try plan(raw, run, announces: true)
      let passes =
        counted(run.recycles + 1, "pass") + (seeds > 1 ? " for each of \(seeds) seeds" : "")
      let operations = run.operations(raw) * Double(seeds)
      reporter.note(
        "\(raw.id) \(run.name): \(passes), \(Self.fixed(Float(operations / 1e12), 2)) TFLOP")
    }
  }

  /// The network of a model; the last one stays loaded.
  func network(_ model: ModelDescription) throws -> FoldingNetwork {
    if let loaded, loaded.name == model.name { return loaded.network }
    loaded = nil
    let network = try FoldingNetwork(
      model.config, parameters: model.parameters, storage: options.storage, pool: context.pool)
    loaded = (model.name, network)
    return network
  }

  static func fixed(_ value: Float, _ digits: Int) -> String {
    String(format: "%.\(digits)f", value)
  }
}
