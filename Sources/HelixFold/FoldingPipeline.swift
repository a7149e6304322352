import AtomicFiles
import Distribution
import FeaturePipeline
import FoldingModel
import Messages
import NumericArrays
import TensorCore

/// From targets to folders of results: the program in one walk.
///
/// Read this file first. Every target is predicted by every network with every seed; a failed target is recorded and the others continue.
public final class FoldingPipeline {
  let options: PredictionOptions
  let reporter: ProgressReporter
  let context: ExecutionContext
  let models: [ModelDescription]
  private var loaded: (name: String, network: FoldingNetwork)?
  /// Called after each saved pass; what it throws stops the run there, as a signal would.
  var afterPass: () throws -> Void = {}
  let queue: TargetQueue
  let planner: RunPlanner
  private let cautions: TargetCautions
  private(set) var outcomes: [TargetOutcome] = []
  private(set) var targetCount = 1
  /// Operations of the targets that a dry run has planned.
  private var planned: [Double] = []
  /// How fast passes are on this machine, measured when a dry run first needs it.
  private lazy var rate = WorkRate(context)
  /// Whether a target had results of another calculation, which this run replaces.
  private var replacesOthers = false
  private(set) var meter = TargetMeter()

  /// A run with the given networks; `queue` shares its targets with other processes.
  public init(
    _ options: PredictionOptions, models: [ModelDescription], reporter: ProgressReporter,
    queue: TargetQueue? = nil
  ) throws {
    let queue = try queue ?? TargetQueue(SingleMember(), teamSize: 1, output: options.output)
    self.queue = queue
    self.planner = RunPlanner(options: options, models: models, queue: queue, reporter: reporter)
    self.options = options
    self.models = models
    self.cautions = TargetCautions(options: options, models: models)
    self.reporter = reporter
    self.context = ExecutionContext(options).sharing(with: queue.operations)
  }

  /// Predicts all targets and returns the status for the shell.
  ///
  /// - Parameter finished: called with each finished target and the files that people look at.
  public func predict(
    _ targets: [PredictionTarget], finished: (_ target: String, _ files: [String]) -> Void
  ) throws -> ExitStatus {
    try queue.requireSame(targets)
    targetCount = targets.count
    if !queue.isShared { meter = TargetMeter(planner.costs(of: targets)) }
    for caution in cautions.aboutModels() { reporter.warn(caution) }
    do {
      if options.isDryRun {
        try AtomicFile.requirePlace(forFolder: options.output)
      } else {
        try AtomicFile.createFolder(options.output)
      }
      for group in try planner.groups(of: targets) { try predict(group, of: targets, finished) }
      if options.isDryRun && planned.count > 1 {
        planner.announce(total: planned.reduce(0, +), of: planned.count, rate)
      }
    } catch is Interrupted {
      queue.remove()
      try write(outcomes)
      throw Interrupted(
        options.resumes ? .goesOn : replacesOthers ? .goesOnWithReplace : .goesOnWithResume)
    }
    outcomes = try TargetOutcome.merge(try queue.close(try TargetOutcome.document(outcomes)))
    if queue.isFirst {
      do {
        try write(outcomes)
      } catch let error as AtomicFileError {
        // A full disk is reported once: if it made every target fail, the tables need not report it again.
        guard outcomes.allSatisfy({ $0.failure == error.exitStatus }) else { throw error }
      }
    }
    let failures = outcomes.compactMap(\.failure)
    if failures.isEmpty {
      return targets.contains { $0.gathered?.isIncomplete == true } ? .someFailed : .success
    }
    return failures.count < targets.count ? .someFailed : failures[0]
  }

  /// One target, or several that share passes: features → network → files.
  ///
  /// All processes of a team run this together; its leader writes the files.
  private func predict(
    _ group: [Int], of targets: [PredictionTarget],
    _ finished: (_ target: String, _ files: [String]) -> Void
  ) throws {
    var works: [TargetWork] = []
    let started = ContinuousClock.now
    for index in group where try queue.take(index) {
      let target = targets[index]
      for note in target.notes { reporter.note("\(target.id): \(note)") }
      for warning in target.warnings { reporter.warn("\(target.id): \(warning)") }
      let deferred: DeferredFeatures
      switch target.features {
      case .success(let features): deferred = features
      case .failure(let error):
        recordFailure(error, index, target.id)
        continue
      }
      // Suppl. 1.2: alignment, templates
      guard let raw = try attempt(index, target.id, { try deferred.load() }) else { continue }
      let cautions = cautions.about(target, raw)
      for caution in cautions { reporter.warn("\(target.id): \(caution)") }
      if options.isDryRun {
        let operations = try attempt(index, target.id) {
          try planner.announce(raw, choosingFrom: target.gathered?.complete, rate)
        }
        planned += [operations].compactMap(\.self)
        continue
      }
      guard let work = try attempt(index, target.id, { try open(index, raw, target.gathered) })
      else { continue }
      work.cautions = target.warnings + cautions
      if !work.earlier.replaced.isEmpty { replacesOthers = true }
      try attempt(work) { try begin(work) }
      works.append(work)
    }
    for number in 0..<(works.first?.runs.count ?? 0) {
      try run(number, of: try works.filter { try $0.isOpen && !isGoodEnough($0, before: number) })
    }
    for work in works where !work.hasFailed {
      try attempt(work) {
        if work.isOpen { try conclude(work) }
        record(outcome(of: work))
        if queue.isWriter { finished(work.raw.id, work.files) }
      }
    }
    meter.finish(
      group, computed: works.filter { $0.isOpen && $0.kept.isEmpty }.map(\.index),
      seconds: (ContinuousClock.now - started).seconds)
  }

  /// Whether a prediction of the target already reaches `--stop-at-score`; notes it once.
  ///
  /// Collective in a team.
  private func isGoodEnough(_ work: TargetWork, before number: Int) throws -> Bool {
    guard let limit = options.stopScore, work.plans.keys.contains(number) else { return false }
    let best = work.scores.map(\.plddt).max()
    let isEnough = try queue.broadcastFromWriter(best.map { $0 >= limit } ?? false)
    guard isEnough, let best else { return isEnough }
    if !work.hasEnough {
      reporter.note(
        "\(work.raw.id): mean pLDDT \(fixed(best, decimals: 1)) reaches --stop-at-score, so \(work.runs[number].name) and what comes after it are not run"
      )
    }
    work.hasEnough = true
    return true
  }

  /// Runs `body` for a target; if it throws, the target counts as failed.
  func attempt(_ work: TargetWork, _ body: () throws -> Void) throws {
    work.hasFailed = try attempt(work.index, work.raw.id, body) == nil
    if work.hasFailed, work.losesResults, !work.hasRoom {
      reporter.note("\(work.raw.id): the results in its folder are those of an earlier run")
    }
  }

  /// Runs `body` for a target; nil if it throws, which is recorded unless it ends the whole run.
  private func attempt<Value>(
    _ index: Int, _ id: String, _ body: () throws -> Value
  ) throws -> Value? {
    do {
      return try body()
    } catch let error where isFinal(error) {
      throw error
    } catch {
      recordFailure(error, index, id)
      return nil
    }
  }

  /// The outcome of a finished target.
  private func outcome(of work: TargetWork) -> TargetOutcome {
    var outcome = TargetOutcome(work.index, work.raw.id)
    outcome.residues = work.raw.residueCount
    outcome.rows = work.raw.rowCount
    if work.isFinished {
      outcome.best = RankingScore(bestOf: work.folder.file("ranking_debug.json"))
    } else {
      outcome.neff = work.statistics.neff
      outcome.best = RankingScore.ranked(work.scores).first
      outcome.seconds = work.timings.reduce(0) { $0 + $1.value }
      outcome.peakBytes = ProcessMemory.residentPeak
    }
    return outcome
  }

  /// Records that a target failed.
  private func recordFailure(_ error: any Error, _ index: Int, _ id: String) {
    reporter.fail("\(id): \(error)", [("target", .string(id))])
    record(TargetOutcome(index, id, failure: error))
  }

  /// Records the outcome of a target.
  private func record(_ outcome: TargetOutcome) {
    outcomes.append(outcome)
    writeRow(of: outcome)
  }

  /// Writes a target to the tables at once, in case the run is killed; errors surface when all rows are written at the end.
  func writeRow(of outcome: TargetOutcome) { try? write([outcome], patience: .seconds(5)) }

  /// Writes targets to `summary.tsv` and `failures.json`.
  private func write(_ outcomes: [TargetOutcome], patience: Duration = .seconds(60)) throws {
    if options.isDryRun || !queue.isWriter { return }
    try RunTables(folder: options.output).merge(outcomes, patience: patience)
  }

  /// Whether an error ends the whole run.
  func isFinal(_ error: any Error) -> Bool {
    if error is Interrupted { return true }
    return queue.isFatal(error)
  }

  /// The network of a model; the last one stays loaded.
  func network(_ model: ModelDescription) throws -> FoldingNetwork {
    if let loaded, loaded.name == model.name { return loaded.network }
    loaded = nil
    let network = try model.network(context)
    loaded = (model.name, network)
    return network
  }
}
