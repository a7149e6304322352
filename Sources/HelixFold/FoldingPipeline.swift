import AtomicFiles
import Distribution
import FeaturePipeline
import FoldingCore
import FoldingModel
import Foundation
import NumericArrays
import StructureIO
import TensorCore

/// From targets to folders of results: the program in one walk. Read this file first.
///
/// Every target is predicted by every network with every seed; a target that fails is written down and the others go on.
public final class FoldingPipeline {
  let options: PredictionOptions
  let reporter: ProgressReporter
  let context: ExecutionContext
  private let models: [ModelDescription]
  private var loaded: (name: String, network: FoldingNetwork)?
  /// Called after each saved pass; what it throws stops the run there, as a signal would.
  var afterPass: () throws -> Void = {}
  private let queue: TargetQueue
  private var failures: [TargetFailure] = []

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
    try AtomicFile.createFolder(options.output)
    for index in order(of: targets) where try queue.take(index) {
      let target = targets[index]
      for warning in target.warnings { reporter.warn("\(target.id): \(warning)") }
      do {
        let raw = try target.features.get()  // Suppl. 1.2: alignment, templates
        if options.isDryRun {
          try announce(raw)
        } else {
          let files = try predict(raw, target.gathered)
          if queue.isWriter { finished(target.id, files) }
        }
      } catch PredictionError.interrupted {
        if queue.isFirst { try writeFailures() }
        throw PredictionError.interrupted
      } catch let error where queue.isFatal(error) {
        throw error
      } catch {
        let status = ExitStatus(error)
        failures.append(TargetFailure(index, target.id, status, "\(error)"))
        reporter.note("\(target.id): \(error)", event: "failure", [("target", .string(target.id))])
      }
    }
    failures = try TargetFailure.merge(try queue.close(try TargetFailure.document(failures)))
    if queue.isFirst { try writeFailures() }
    if failures.isEmpty {
      return targets.contains { $0.gathered?.isIncomplete == true } ? .someFailed : .success
    }
    return failures.count < targets.count ? .someFailed : failures[0].status
  }

  /// The targets as given; where several processes take them, the longest first, so that none is left with one at the end.
  private func order(of targets: [PredictionTarget]) -> [Int] {
    if !queue.isShared { return Array(targets.indices) }
    let lengths = targets.map { (try? $0.features.get())?.residueCount ?? 0 }
    return targets.indices.sorted { (lengths[$1], $0) < (lengths[$0], $1) }
  }

  /// One target: features → network → files.
  ///
  /// In a team all processes walk through this together; the files of those that do not lead go to a folder that is thrown away.
  private func predict(_ raw: RawFeatures, _ gathered: GatheredEvidence?) throws -> [String] {
    let path = options.output + "/" + raw.id
    let folder = PredictionFolder(
      path: queue.isWriter
        ? path : FileManager.default.temporaryDirectory.path + "/helixfold-\(UUID().uuidString)",
      resumedFrom: path)
    defer { if !queue.isWriter { try? FileManager.default.removeItem(atPath: folder.path) } }
    let runs = models.flatMap { model in
      (0..<max(1, options.seedCount)).map { PredictionRun(model, seedIndex: $0, options) }
    }
    let structure = raw.residueCount <= 9999 ? "ranked_0.pdb" : "ranked_0.cif"
    let files = [folder.file(structure), folder.file("report.html")]
    let fingerprints = runs.map { ($0.name, $0.provenance(of: raw, options).fingerprint) }
    let isFinished = options.resumes && folder.isFinished(fingerprints)
    try queue.meet()
    if isFinished {
      reporter.note("\(raw.id): finished before, nothing to do")
      return files
    }
    let plans = try runs.map { try plan(raw, $0, announces: true) }
    try folder.begin()
    let started = ContinuousClock.now
    try FeatureStore.write([gathered.record(of: raw)], to: folder.file("features.h5"))
    try reportAlignment(gathered?.complete ?? raw, folder)
    var timings = gathered?.stages ?? []
    timings.append(("features", (ContinuousClock.now - started).seconds))
    var results: [ModelResult] = []
    for (run, plan) in zip(runs, plans) {
      let clock = ContinuousClock.now
      results.append(try predict(raw, run, plan, folder))
      timings.append(("predict_\(run.name)", (ContinuousClock.now - clock).seconds))
    }
    if let gathered { try reportRowBudget(raw, gathered, runs[0], folder, &timings) }
    report(timings, of: raw)
    let provenance = Dictionary(
      uniqueKeysWithValues: runs.map { ($0.name, $0.provenance(of: raw, options)) })
    let provenanceOf = { (result: ModelResult) in
      provenance[result.name] ?? runs[0].provenance(of: raw, self.options)
    }
    try folder.writeReport(
      results, of: raw, provenance: provenanceOf, timings: timings, options: options)
    try folder.writeRanking(
      results, of: raw, provenance: provenanceOf,
      timings: timings + [("peak_memory_bytes", Double(ProcessMemory.residentPeak))])
    for run in runs { try? FileManager.default.removeItem(atPath: folder.file(run.stateFile)) }
    return files
  }

  /// One network and one seed.
  private func predict(
    _ raw: RawFeatures, _ run: PredictionRun, _ plan: MemoryPlan, _ folder: PredictionFolder
  ) throws -> ModelResult {
    let features = SampledFeatures(raw, config: run.config, seed: run.seed)
    let context = self.context.withTiles(of: plan)
    let network = try network(run.model)
    let provenance = run.provenance(of: raw, options)
    let saved = PredictionState(
      path: folder.file(run.stateFile), resumedFrom: folder.stored(run.stateFile),
      fingerprint: provenance.fingerprint)
    let begin = options.resumes ? saved.load(context) : nil
    try queue.meet()
    if let begin {
      reporter.note("\(raw.id) \(run.name): resuming after pass \(begin.history.count)")
    }
    let recycling = RecyclingInference(
      network, features, recycles: run.recycles, tolerance: options.earlyStopTolerance,
      ensembles: run.config.ensembles)
    let size = run.size(raw)
    var meter = PassMeter(
      CostModel(run.config, size), passes: run.recycles + 1, ensembles: run.config.ensembles,
      done: begin?.history.count ?? 0)
    let state = try recycling.run(
      from: begin, context,
      observe: { [reporter] pass, stage in
        if Interruption.isRequested { throw PredictionError.interrupted }
        let (fraction, remaining) = meter.update(pass: pass, stage: stage)
        reporter.progress("\(raw.id) \(run.name) \(stage)", fraction, remaining: remaining)
      },
      save: { state in
        try saved.save(state)
        try self.report(state, raw, run, recycling, folder, provenance, context)
        try self.afterPass()
      })
    try queue.meet()
    let result = ModelResult(
      name: run.name, prediction: recycling.prediction(state, context), history: state.history)
    try folder.write(result, of: raw, provenance: provenance)
    let history = state.history.map { (Double($0.meanPLDDT), $0.change.map { Double($0) }) }
    try AtomicFile.write(
      provenance.document(history: history).pretty() + "\n",
      to: folder.file("provenance_\(run.name).json"))
    return result
  }

  /// The line of a finished pass, and its structure when asked for.
  private func report(
    _ state: RecyclingState, _ raw: RawFeatures, _ run: PredictionRun,
    _ recycling: RecyclingInference, _ folder: PredictionFolder, _ provenance: PredictionProvenance,
    _ context: ExecutionContext
  ) throws {
    let pass = state.history.count - 1
    let record = state.history[pass]
    var line = "\(raw.id) \(run.name) recycle=\(pass) pLDDT=\(Self.fixed(record.meanPLDDT, 1))"
    var fields: [(String, JSONValue)] = [
      ("target", .string(raw.id)), ("model", .string(run.name)), ("recycle", .integer(pass)),
      ("plddt", .number(Double(record.meanPLDDT))),
    ]
    if let change = record.change {
      line += " tol=\(Self.fixed(change, 3))"
      fields.append(("tol", .number(Double(change))))
    }
    reporter.note(line, event: "recycle", fields)
    guard options.savesRecycles else { return }
    let result = ModelResult(
      name: run.name, prediction: recycling.prediction(state, context), history: state.history)
    try folder.write(recycle: pass, result, of: raw, provenance: provenance)
  }

  /// The memory plan of a run, refused when it does not fit.
  func plan(
    _ raw: RawFeatures, _ run: PredictionRun, announces: Bool
  ) throws -> MemoryPlan {
    let size = run.size(raw)
    let plan = MemoryPlan.fitting(
      run.config, size, parameters: run.footprint, storage: options.storage,
      threads: options.threads, ensembles: run.config.ensembles, limit: options.memoryLimit)
    if announces {
      reporter.note(
        "\(raw.id)  \(size.residues) residues, \(size.clusters)+\(size.extraRows) MSA rows, \(size.templates) templates; plan: \(ByteCount(plan.peak)) at the peak (\(plan.moments[0].name))",
        event: "plan",
        [
          ("target", .string(raw.id)), ("model", .string(run.name)),
          ("peak_bytes", .integer(plan.peak)), ("tile_rows", .integer(plan.tileRows)),
          ("operations", .number(CostModel(run.config, size).pass * Double(run.recycles + 1))),
        ])
    }
    if let limit = options.memoryLimit, plan.peak > limit {
      throw PredictionError.memory(
        needed: plan.peak, allowed: limit, moment: plan.moments[0].name)
    }
    return plan
  }

  /// What a dry run says about a target.
  private func announce(_ raw: RawFeatures) throws {
    for model in models {
      let run = PredictionRun(model, seedIndex: 0, options)
      _ = try plan(raw, run, announces: true)
      let operations = CostModel(run.config, run.size(raw)).pass * Double(run.recycles + 1)
      reporter.note(
        "\(raw.id) \(run.name): \(run.recycles + 1) passes, \(Self.fixed(Float(operations / 1e12), 2)) TFLOP"
      )
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

  private func writeFailures() throws {
    if options.isDryRun { return }
    let path = options.output + "/failures.json"
    if failures.isEmpty {
      try? FileManager.default.removeItem(atPath: path)
      return
    }
    let list = failures.map { failure in
      JSONValue.object([
        ("target", .string(failure.target)), ("status", .integer(Int(failure.status.rawValue))),
        ("reason", .string(failure.reason)),
      ])
    }
    try AtomicFile.createFolder(options.output)
    try AtomicFile.write(JSONValue.array(list).pretty() + "\n", to: path)
  }

  static func fixed(_ value: Float, _ digits: Int) -> String {
    String(format: "%.\(digits)f", value)
  }
}
