import AtomicFiles
import FeaturePipeline
import FoldingModel
import Messages
import Protein
import TensorCore

/// From a prepared target to the prediction of one network with one seed.
extension FoldingPipeline {
  /// One network and one seed on targets that share passes.
  func run(_ number: Int, of works: [TargetWork]) throws {
    let clock = ContinuousClock.now
    var jobs: [PredictionJob] = []
    for work in works {
      // A result of an earlier run has no plan: there is nothing left to do.
      guard let plan = work.plans[number] else { continue }
      try attempt(work) { jobs.append(try start(work, work.runs[number], plan)) }
    }
    try passes(of: jobs)
    let seconds = (ContinuousClock.now - clock).seconds
    for job in jobs where job.work.isOpen {
      try attempt(job.work) {
        try finish(job)
        job.work.timings.append(("predict_and_compile_\(job.run.name)", seconds))
      }
    }
  }

  /// Sets up the network, the draws and the state of an earlier run.
  private func start(
    _ work: TargetWork, _ run: PredictionRun, _ plan: MemoryPlan
  ) throws -> PredictionJob {
    let raw = work.raw
    let provenance = run.provenance(of: raw, options, work.gathered)
    let saved = RecyclingStateFile(
      folder: work.folder, name: run.stateFile, fingerprint: provenance.fingerprint.bits,
      residues: raw.residueCount, config: run.config)
    let recycling = run.recycling(raw, try network(run.model), options)
    let found = options.resumes ? saved.load(context) : .nothing
    try queue.requireSame("\(raw.id) \(run.name): \(found.state?.history.count ?? 0) passes done")
    switch found {
    case .nothing: break
    case .unusable(let problem):
      reporter.note("\(raw.id) \(run.name): begins at the first pass: \(run.stateFile) \(problem)")
    case .saved(let state):
      reporter.note("\(raw.id) \(run.name): resuming after pass \(state.history.count)")
    }
    let job = PredictionJob(work, run, plan, recycling, provenance, saved, found.state)
    // A run may be killed between the state of a pass and its structure.
    if let state = found.state { try saveStructure(of: job, state, context.following(plan)) }
    return job
  }

  /// The remaining passes, together as long as possible; if a pack fails, its targets continue one by one.
  private func passes(of jobs: [PredictionJob]) throws {
    while case let open = jobs.filter(\.isOpen), open.count > 1 {
      do {
        try pass(of: open)
      } catch let error where !isFinal(error) {
        reporter.warn("\(open.count) targets cannot share a pass: \(error)")
        // The failed pass has overwritten the states in memory.
        for job in open { job.state = job.state == nil ? nil : job.saved.load(context).state }
        break
      }
    }
    for job in jobs { while job.isOpen { try attempt(job.work) { try pass(of: [job]) } } }
  }

  /// One pass; the state of each target is saved after it.
  private func pass(of jobs: [PredictionJob]) throws {
    let tightest = jobs.map(\.plan).min {
      ($0.operands.lines ?? .max) < ($1.operands.lines ?? .max)
    }
    let context = tightest.map { self.context.following($0) } ?? self.context
    let names = jobs.map(\.work.raw.id).joined(separator: "+")
    let first = jobs[0]
    let pass = first.state?.history.count ?? 0
    let states = try RecyclingInference.advance(
      jobs.map { ($0.recycling, $0.state) }, context,
      observe: { [reporter] stage in
        try Interruption.check(.goesOnWithResume)
        let (fraction, remaining) = first.meter.update(pass: pass, stage: stage)
        reporter.progress("\(names) \(first.run.name) \(stage)", fraction, remaining: remaining)
      })
    context.pool.releaseKept()  // the state is copied while it is written
    for (job, state) in zip(jobs, states) {
      job.state = state
      try job.saved.save(state)
      try reportPass(of: job, state, context)
      try afterPass()
    }
  }

  /// The result of all passes and its files.
  private func finish(_ job: PredictionJob) throws {
    guard let state = job.state else { throw PassError.noOutput }
    try queue.requireSame("\(job.work.raw.id) \(job.run.name): done")
    let result = ModelResult(
      name: job.run.name,
      prediction: job.recycling.prediction(state, context.following(job.plan)),
      history: state.history)
    context.pool.releaseKept()
    try makeRoom(job.work)
    try job.work.folder.write(result, of: job.work.raw, provenance: job.provenance)
    if options.savesRaw {
      // All processes that share operations compute them.
      let raw = job.recycling.rawOutputs(state, context.following(job.plan))
      try job.work.folder.write(raw: raw, of: result)
      context.pool.releaseKept()
    }
    try job.work.folder.keep("provenance_\(job.run.name).json") {
      let files = FileStamp.all(of: job.run.name, in: job.work.folder)
      try AtomicFile.write(
        job.provenance.document(of: result, files: files).pretty() + "\n", to: $0)
    }
    job.work.add(result)
  }

  /// Reports a finished pass, and writes its structure if requested.
  private func reportPass(
    of job: PredictionJob, _ state: RecyclingState, _ context: ExecutionContext
  ) throws {
    let (raw, run) = (job.work.raw, job.run)
    let pass = state.history.count - 1
    let record = state.history[pass]
    let confidence = Double(record.meanPLDDT)
    var line = "\(raw.id) \(run.name) recycle=\(pass) pLDDT=\(fixed(confidence, decimals: 1))"
    var fields: [(String, JSONValue)] = [
      ("target", .string(raw.id)), ("model", .string(run.name)), ("recycle", .integer(pass)),
      ("plddt", .number(confidence)),
    ]
    if let ptm = record.ptm {
      line += " pTM=\(fixed(Double(ptm), decimals: 3))"
      fields.append(("ptm", .number(Double(ptm))))
    }
    if let change = record.change {
      line += " tol=\(fixed(Double(change), decimals: 3))"
      fields.append(("tol", .number(Double(change))))
    }
    reporter.note(line, event: "recycle", fields)
    try saveStructure(of: job, state, context)
  }

  /// The structure after the last pass, when asked for.
  private func saveStructure(
    of job: PredictionJob, _ state: RecyclingState, _ context: ExecutionContext
  ) throws {
    guard options.savesRecycles else { return }
    try makeRoom(job.work)
    let result = ModelResult(
      name: job.run.name, prediction: job.recycling.prediction(state, context),
      history: state.history)
    try job.work.folder.write(
      recycle: state.history.count - 1, result, of: job.work.raw, provenance: job.provenance)
  }
}
