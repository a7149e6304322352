import AtomicFiles
import Distribution
import Messages
import NumericArrays
import Training
import TrainingData
import Weights

/// Trains a network: samples → gradient → weights, with checkpoints, validation and a log.
///
/// A run is a function of configuration, store and engine: stopped anywhere and resumed, it ends with the same bits, however many
/// processes share the batch. All of them hold the same weights and optimizer; the first one writes the files.
public final class Trainer {
  /// Steps in a row that may be skipped because something is not finite.
  private static let skipLimit = 50
  /// The same at the end of a run, whose weights would pass for its result.
  private static let finalSkipLimit = 10

  private let folder: RunFolder
  private let source: SampleSource
  private let engine: any GradientEngine
  private let identity: RunIdentity
  private let member: GridMember
  private var state: RunState
  private var log: RunLog?
  private var meter: StepMeter
  private var savedAt = ContinuousClock.now
  /// Seconds after which a checkpoint is written whatever its interval in steps, since machines fail without notice.
  var longestUnsaved = 600.0
  /// The step at which a resumed run would continue.
  private var savedStep: Int
  /// Whether a checkpoint came due while steps were being skipped, and is postponed.
  private var isSavePostponed = false

  /// A new run, or with `resumes` one that continues from its checkpoint.
  ///
  /// - Parameters:
  ///   - program: name and version of the program.
  ///   - kernels: instruction set of the engine, if a change of it on resuming should be reported.
  public init(
    _ config: TrainingConfig, folder: RunFolder, source: SampleSource,
    engine: any GradientEngine, resumes: Bool, program: String, kernels: String? = nil,
    member: GridMember = .single
  ) throws {
    guard config.run.batch % member.data.size == 0 else {
      throw CommunicationError.grid(
        "--dp \(member.data.size): a batch of \(config.run.batch) samples ('run.batch') cannot be shared evenly"
      )
    }
    self.member = member
    self.folder = folder
    self.source = source
    self.engine = engine
    identity = RunIdentity(program: program, kernels: kernels, store: StoreMark(source.store))
    state = try RunState(config, folder: folder, resumes: resumes, identity: identity)
    savedStep = state.step
    meter = StepMeter(done: state.step, total: config.run.steps)
  }

  /// Number of the next step.
  public var step: Int { state.step }

  /// Whether all steps, and the validation after the last one, are done.
  public var isFinished: Bool { step == config.run.steps && !state.owesValidation }

  /// Steps skipped so far, and how many of them in a row up to now.
  public var skipped: (all: Int, inARow: Int) {
    let counts = state.optimizer.stepGuard
    return (counts.notFinite + counts.spikes, state.skippedInARow)
  }

  /// Weights now, and their moving average.
  public var weights: (current: [Float], average: [Float]) { state.weights }

  private var config: TrainingConfig { state.config }

  /// Trains until the configured number of steps is reached; a run that has reached it writes nothing.
  ///
  /// The state is not saved while steps are being skipped, because its weights may be what makes them fail, except at the end of the
  /// run.
  ///
  /// - Parameter shouldStop: polled between groups of samples the size of the engine's window, and between chains of a validation;
  ///   once true, the state after the last step is saved.
  /// - Throws: ``TrainingRunError/interrupted(step:folder:)`` when stopped, `SharedFailure` when one of several processes cannot
  ///   get a sample; both after saving.
  public func run(
    shouldStop: @escaping () -> Bool = { false },
    observe: @escaping (Event) throws -> Void = { _ in }
  ) throws {
    // All processes must have looked for a checkpoint before the first one is written.
    if member.world.size > 1 { try member.world.requireSame(beginning) }
    if isFinished { return }
    let window = try least(engine.window)
    let chains = try least(engine.laneCount)
    log = try member.isWriter ? RunLog(folder, config, state, identity.store) : nil
    defer { log = nil }
    if member.isWriter {
      try observe(.started)
      for line in cautions { try observe(.caution(line)) }
    }
    let held = try validationSamples()
    state.scores(held.map(\.id))
    try keepEarlierBest(observe)
    let source = source
    let samples = Prefetcher(
      from: step, samples: member.share(of: config.run.batch), depth: config.data.prefetch
    ) {
      try Self.sample(source, step: $0, sample: $1)
    }
    defer { samples.stop() }
    let work = Work(
      shouldStop: shouldStop, observe: observe, samples: samples, held: held, window: window,
      chains: chains)
    if step == 0 { try save() }
    try engine.load(state.optimizer.parameters)
    let isOwed = state.owesValidation
    var goesOn = try validateIfDue(work)
    if goesOn && isOwed { try saveIfDue() }
    // An owed validation says nothing about the time of a step.
    if isOwed { meter = StepMeter(done: step, total: config.run.steps) }
    while goesOn && step < config.run.steps {
      guard let record = try trainOrSave(work) else {
        goesOn = false
        break
      }
      try log?.write(record)
      state.step += 1
      state.owesValidation = isDue(config.validation.interval) || step == config.run.steps
      let (fraction, remaining) = meter.update(done: Double(step))
      try observe(.step(record, fraction: fraction, remaining: remaining))
      try countSkipped(record, work)
      if state.owesValidation && isOverdue && isSound { try save() }
      goesOn = try validateIfDue(work)
      if goesOn { try saveIfDue() }
    }
    if goesOn { return }
    if isSound { try save() }
    try member.world.barrier()  // the first process to exit would end the others
    throw TrainingRunError.interrupted(step: savedStep, folder: folder.path)
  }

  /// Cautions about the files that the run continues from.
  private var cautions: [String] {
    let dropped = log?.droppedLines ?? 0
    if dropped == 0 { return state.cautions }
    return state.cautions + [
      "\(folder.log): \(counted(dropped, "line")) that no training log has \(dropped == 1 ? "was" : "were") removed"
    ]
  }

  /// Keeps the earlier best weights if scores on other chains will choose new ones.
  private func keepEarlierBest(_ observe: (Event) throws -> Void) throws {
    guard member.isWriter, let earlier = state.earlierBest,
      let name = try folder.keepBest(before: earlier.step)
    else { return }
    try observe(
      .caution(
        "best.h5 was chosen by other validation chains, with lDDT-Cα \(fixed(earlier.score.lddt, decimals: 4)) of them: it is kept as \(name), and the next validation begins anew"
      ))
  }

  /// A sample; an error names it.
  private static func sample(
    _ source: SampleSource, step: Int, sample: Int
  ) throws -> TrainingSample {
    do {
      return try source.sample(step: step, sample: sample)
    } catch let error where ExitStatus(error) == .badInput {
      throw TrainingRunError.sample(
        step: step, sample: sample, id: source.plan.draw(step: step, sample: sample).id,
        reason: "\(error)")
    }
  }

  /// Whether the state may be saved: not while steps are being skipped.
  private var isSound: Bool { state.skippedInARow == 0 }

  /// Samples between two checks whether to stop: the fewest of any process, since all must check equally often.
  private func least(_ samples: Int) throws -> Int {
    let all = try member.world.allGather([Double(samples)])
    return max(1, all.flatMap { $0 }.min().map { Int($0) } ?? 1)
  }

  /// What must be equal in all processes at the start of a run.
  private var beginning: [String] {
    var weights = CyclicRedundancyCheck64()
    state.optimizer.parameters.withUnsafeBytes { weights.update($0) }
    let store = identity.store
    return [
      "step \(step)\(state.owesValidation ? ", to be validated" : "")",
      "weights with checksum \(weights.text)",
      "a store of \(counted(store.targets, "target")) with checksums \(store.checksum) \(store.contents ?? "-")",
    ]
  }

  /// One step; if it fails, the state before it is saved.
  private func trainOrSave(_ work: Work) throws -> TrainingRecord? {
    do {
      return try trainOneStep(work)
    } catch is EngineStopped {
      return nil
    } catch {
      // The step has changed nothing yet. The error that ended the run is the one to report.
      if isSound { try? save() }
      // The first process to exit would end the others.
      if error is SharedFailure { try member.world.barrier() }
      throw error
    }
  }

  /// One step; nil when the caller wants to stop before it is done.
  private func trainOneStep(_ work: Work) throws -> TrainingRecord? {
    let start = ContinuousClock.now
    let share = member.share(of: config.run.batch)
    var accumulator = GradientAccumulator(
      layout: state.optimizer.layout, method: state.optimizer.config.clip, samples: share.count,
      ignoring: state.optimizer.heldStill)
    var numbers: [Double] = []
    for first in stride(from: 0, to: share.count, by: work.window) {
      let count = min(work.window, share.count - first)
      guard let group = try nextSamples(count, work) else { return nil }
      try engine.differentiate(group) { sample, outcome, gradient in
        let norm = accumulator.add(gradient)
        numbers += SampleSummary(sample, outcome, norm).numbers
      }
      let done = (first + group.count) * member.data.size
      try reportPart(StepPart(step: step, done: done, count: config.run.batch), work)
    }
    var mean = SampleMean()
    for part in try member.data.allGather(numbers) {
      for start in stride(from: 0, to: part.count, by: SampleSummary.width) {
        mean.add(SampleSummary(numbers: part[start..<start + SampleSummary.width]))
      }
    }
    var sum = accumulator.takeSum()
    try member.data.allReduce(&sum)
    var average = GradientAccumulator.mean(of: sum, samples: config.run.batch)
    let loss = mean.isFinite ? mean.loss.total : .nan
    let report = state.optimizer.step(gradient: &average, loss: loss)
    if report.decision == .take { try engine.load(state.optimizer.parameters) }
    return mean.record(
      step: step, report: report, method: state.optimizer.config.clip,
      guardCounts: state.optimizer.stepGuard, seconds: (ContinuousClock.now - start).seconds
    ) { source.plan.draw(step: step, sample: $0).id }
  }

  /// Reports the progress of a step, or of the validation after it.
  private func reportPart(_ part: StepPart, _ work: Work) throws {
    if part.done >= part.count { return }
    let share = part.isValidation ? 0 : Double(part.done) / Double(part.count)
    let (fraction, remaining) = meter.update(done: Double(step) + share)
    try work.observe(.part(part, fraction: fraction, remaining: remaining))
  }

  /// The next samples of this process; nil when one of the processes wants to stop.
  ///
  /// Collective. If one process cannot get its sample, all fail, so that the state is saved.
  private func nextSamples(_ count: Int, _ work: Work) throws -> [TrainingSample]? {
    let stops = work.shouldStop()
    var group: [TrainingSample] = []
    var failure: (any Error)?
    do {
      while !stops && group.count < count {
        var sample = try work.samples.take()
        if !config.run.dropout { sample.dropoutSeed = nil }
        group.append(sample)
      }
    } catch {
      failure = error
    }
    return try member.world.goesOn(unless: stops, or: failure) ? group : nil
  }

  /// Counts skipped steps and gives up after too many in a row.
  private func countSkipped(_ record: TrainingRecord, _ work: Work) throws {
    guard let decision = record.decision, decision != .take else {
      state.skippedInARow = 0
      return
    }
    state.skippedInARow += 1
    try work.observe(.skipped(record))
    let limit = step == config.run.steps ? Self.finalSkipLimit : Self.skipLimit
    if state.skippedInARow >= limit || step == config.run.steps && state.optimizer.steps == 0 {
      throw TrainingRunError.diverged(
        step: record.step, skipped: state.skippedInARow, last: decision)
    }
  }

  private func isDue(_ interval: Int) -> Bool {
    interval > 0 && step > 0 && step % interval == 0
  }

  private func validationSamples() throws -> [TrainingSample] {
    if config.validation.interval == 0 { return [] }
    let limits = config.validation
    return try source.validation(
      count: limits.targets, lengths: limits.shortest...limits.longest, crop: limits.crop,
      recycles: limits.recycles, seed: config.run.seed)
  }

  /// Runs the validation that is due, if any; false if the caller wants to stop before it is done.
  private func validateIfDue(_ work: Work) throws -> Bool {
    if state.owesValidation, !work.held.isEmpty {
      guard let record = try validate(work) else { return false }
      try log?.write(record)
    }
    state.owesValidation = false
    return true
  }

  /// Writes a snapshot and a checkpoint when they are due; never before the first step.
  ///
  /// While steps are being skipped there are no snapshots, and a checkpoint waits for the next step that is taken.
  private func saveIfDue() throws {
    let isLast = step == config.run.steps
    let isTime = isSavePostponed || isDue(config.run.checkpointInterval) || isOverdue
    isSavePostponed = isTime && !isSound
    if !isSound {
      if isLast { try save() }
      return
    }
    if member.isWriter && isDue(config.run.snapshotInterval) {
      try folder.writeSnapshot(
        state.optimizer.parameters, config: config, start: state.start, step: step,
        kept: config.run.snapshots)
    }
    if isTime || isLast { try save() }
  }

  /// Whether the last checkpoint is older than allowed.
  private var isOverdue: Bool { (ContinuousClock.now - savedAt).seconds >= longestUnsaved }

  /// Scores the averaged weights; keeps them if they are the best so far.
  ///
  /// - Returns: the line for the log; nil if the caller wants to stop.
  private func validate(_ work: Work) throws -> TrainingRecord? {
    let start = ContinuousClock.now
    try engine.load(weights.average)
    let found: ValidationScore?
    do {
      found = try ValidationScore(
        work.held, engine: engine, member, group: work.chains, shouldStop: work.shouldStop
      ) { done, count in
        let part = StepPart(step: step - 1, isValidation: true, done: done, count: count)
        try reportPart(part, work)
      }
    } catch is EngineStopped {
      found = nil
    }
    guard let score = found else { return nil }
    try engine.load(state.optimizer.parameters)
    let record = TrainingRecord(
      .validation, step: step - 1, loss: score.loss, lddt: score.lddt.isNaN ? nil : score.lddt,
      seconds: (ContinuousClock.now - start).seconds)
    let isBest = score.isBetter(than: state.best)
    if isBest {
      state.best = score
      if member.isWriter {
        try RunFolder.write(
          weights.average, config: config, start: state.start,
          note: "best average, after step \(step)", isRandom: state.isRandom, to: folder.best)
      }
    }
    try work.observe(.validation(record, isBest: isBest))
    return record
  }

  /// Writes averaged weights, then the checkpoint, keeping the last one as the previous; a kill in between repeats all.
  private func save() throws {
    savedStep = step
    savedAt = ContinuousClock.now
    if !member.isWriter { return }
    try RunFolder.write(
      weights.average, config: config, start: state.start, note: "average after step \(step)",
      isRandom: state.isRandom, to: folder.weights)
    let clipper = state.optimizer.clipper
    if clipper.adaptive != nil { try folder.writeClipping(clipper, layout: config.layout) }
    try log?.flush()
    folder.keepCheckpoint()
    try CheckpointFile.write(state.checkpoint(), to: folder.checkpoint)
  }
}
