import AtomicFiles
import Distribution
import FoldingCore
import Foundation
import NumericArrays
import Training
import TrainingData
import Weights

/// Trains a network: samples → gradient → weights, with checkpoints, validation and a log.
///
/// A run is a function of configuration, store and engine: stopped anywhere and resumed, it ends with the same bits, however many
/// processes share the batch. All of them hold the same weights and optimizer; the first one writes the files.
public final class Trainer {
  /// What the caller may show.
  public enum Event: Sendable {
    /// A step was done; `remaining` in seconds, nil until it can be told.
    case step(TrainingRecord, fraction: Double, remaining: Double?)
    /// A validation was done; whether it is the best so far.
    case validation(TrainingRecord, isBest: Bool)
    /// A step was left out.
    case skipped(TrainingRecord)
  }

  /// Steps in a row that may be left out because something is not finite.
  private static let skipLimit = 50

  private var config: TrainingConfig
  private let folder: RunFolder
  private let source: SampleSource
  private let engine: any GradientEngine
  private let program: String
  private let member: GridMember
  private var optimizer: Optimizer
  /// Number of the next step.
  public private(set) var step = 0
  private var best: ValidationScore?
  private var skippedInARow = 0
  private var diary: Diary?

  /// A run that begins, or goes on from its checkpoint with `resumes`.
  public init(
    _ config: TrainingConfig, folder: RunFolder, source: SampleSource,
    engine: any GradientEngine, resumes: Bool, program: String, member: GridMember = .single
  ) throws {
    guard config.run.batch % member.data.size == 0 else {
      throw CommunicationError.grid(
        "--dp \(member.data.size): a batch of \(config.run.batch) samples ('run.batch') cannot be shared evenly"
      )
    }
    self.member = member
    self.config = config
    self.folder = folder
    self.source = source
    self.engine = engine
    self.program = program
    if folder.hasCheckpoint {
      guard resumes else { throw TrainingRunError.exists(folder: folder.path) }
      let checkpoint = try CheckpointFile.read(folder.checkpoint)
      try checkpoint.header.config.validate(file: folder.checkpoint)
      try checkpoint.header.requireSameRun(as: config, file: folder.checkpoint)
      // Where the run began is no choice any more; config.json keeps saying it.
      self.config.run.weights = checkpoint.header.config.run.weights
      self.config.run.initialValues = checkpoint.header.config.run.initialValues
      optimizer = try Optimizer(header: checkpoint.header.optimizer, buffers: checkpoint.buffers)
      let done = checkpoint.header.step
      guard done >= 0 else {
        throw OptimizerStateError.inconsistent("\(folder.checkpoint): its step is \(done)")
      }
      guard done <= config.run.steps else {
        throw TrainingRunError.finished(
          folder: folder.path, steps: done, asked: config.run.steps)
      }
      step = done
      best = checkpoint.header.best(on: config.validation)
      skippedInARow = checkpoint.header.skippedInARow
    } else {
      if resumes { throw TrainingRunError.nothingToResume(folder: folder.path) }
      if let file = folder.remainder {
        throw TrainingRunError.remainder(folder: folder.path, file: file)
      }
      optimizer = Optimizer(
        layout: config.layout, parameters: try Self.initialParameters(config),
        config: config.optimizer.config(seed: config.run.seed))
    }
  }

  /// Weights now, and their moving average.
  public var weights: (current: [Float], average: [Float]) {
    (optimizer.parameters, optimizer.average?.values ?? optimizer.parameters)
  }

  /// Trains until the configured number of steps is reached; a run that has reached it writes nothing.
  ///
  /// - Parameter shouldStop: asked between samples; when it says so, the state after the last step is saved.
  /// - Throws: ``TrainingRunError/interrupted(step:folder:)`` when stopped.
  public func run(
    shouldStop: () -> Bool = { false }, observe: (Event) -> Void = { _ in }
  ) throws {
    // All have looked for a checkpoint before the first one is written.
    if member.world.size > 1 { try member.world.requireSame(beginning) }
    if step == config.run.steps { return }
    diary = try member.isWriter ? Diary(folder, config, from: step) : nil
    defer { diary = nil }
    let held = try validationSamples()
    let source = source
    let samples = Prefetcher(
      from: step, samples: member.share(of: config.run.batch), depth: config.data.prefetch
    ) {
      try source.sample(step: $0, sample: $1)
    }
    defer { samples.stop() }
    if step == 0 { try save() }
    try engine.load(optimizer.parameters)
    let meter = StepMeter(done: step, total: config.run.steps)
    while step < config.run.steps {
      guard let record = try trainOneStep(samples, shouldStop) else {
        try save()
        try member.world.barrier()  // whoever ends first ends the others too
        throw TrainingRunError.interrupted(step: step, folder: folder.path)
      }
      try diary?.write(record)
      step += 1
      let (fraction, remaining) = meter.update(done: step)
      observe(.step(record, fraction: fraction, remaining: remaining))
      try judge(record, observe)
      if isDue(config.validation.interval) || step == config.run.steps {
        if let record = try validate(held, observe) {
          try diary?.write(record)
        }
      }
      if member.isWriter && isDue(config.run.snapshotInterval) {
        try folder.writeSnapshot(
          optimizer.parameters, config: config, step: step, kept: config.run.snapshots)
      }
      if isDue(config.run.checkpointInterval) || step == config.run.steps { try save() }
    }
  }

  /// What all processes of a run begin with.
  private var beginning: [String] {
    var weights = CyclicRedundancyCheck()
    optimizer.parameters.withUnsafeBytes { weights.update($0) }
    let entries = source.store.entries
    let index = entries.map {
      "\($0.id)\t\($0.residues)\t\($0.rows)\t\($0.cluster ?? "")\t\($0.split ?? "")\n"
    }.joined()
    var store = CyclicRedundancyCheck()
    Array(index.utf8).withUnsafeBytes { store.update($0) }
    return [
      "step \(step)", "weights with checksum \(weights.text)",
      "a store of \(counted(entries.count, "target")) with checksum \(store.text)",
    ]
  }

  /// One step; nil when the caller wants to stop before it is done.
  private func trainOneStep(_ samples: Prefetcher, _ shouldStop: () -> Bool) throws
    -> TrainingRecord?
  {
    let start = ContinuousClock.now
    let share = member.share(of: config.run.batch)
    var accumulator = GradientAccumulator(
      layout: optimizer.layout, method: optimizer.config.clip, samples: share.count)
    var numbers: [Double] = []
    for first in stride(from: 0, to: share.count, by: max(1, engine.window)) {
      if try member.world.any(shouldStop()) { return nil }
      let group = try (first..<min(first + max(1, engine.window), share.count)).map { _ in
        var sample = try samples.take()
        if !config.run.dropout { sample.dropoutSeed = nil }
        return sample
      }
      try engine.differentiate(group) { sample, outcome, gradient in
        let norm = accumulator.add(gradient)
        numbers += SampleSummary(sample, outcome, norm).numbers
      }
    }
    var mean = SampleMean()
    for part in try member.data.gather(numbers) {
      for start in stride(from: 0, to: part.count, by: SampleSummary.width) {
        mean.add(SampleSummary(numbers: part[start..<start + SampleSummary.width]))
      }
    }
    var sum = accumulator.takeSum()
    try member.data.sum(&sum)
    var average = Training.mean(sum, samples: config.run.batch)
    let loss = mean.isFinite ? mean.loss.total : .nan
    let report = optimizer.step(gradient: &average, loss: loss)
    if report.decision == .take { try engine.load(optimizer.parameters) }
    return mean.record(
      step: step, report: report, method: optimizer.config.clip, guardCounts: optimizer.stepGuard,
      seconds: (ContinuousClock.now - start).seconds)
  }

  /// Counts steps left out and gives up when nothing else happens.
  private func judge(_ record: TrainingRecord, _ observe: (Event) -> Void) throws {
    guard let decision = record.decision, decision != .take else {
      skippedInARow = 0
      return
    }
    skippedInARow += 1
    observe(.skipped(record))
    if skippedInARow >= Self.skipLimit {
      throw TrainingRunError.diverged(
        step: record.step, skipped: skippedInARow, last: decision)
    }
  }

  private func isDue(_ interval: Int) -> Bool { interval > 0 && step % interval == 0 }

  private func validationSamples() throws -> [TrainingSample] {
    if config.validation.interval == 0 { return [] }
    let limits = config.validation
    return try source.validation(
      count: limits.targets, lengths: limits.shortest...limits.longest, crop: limits.crop,
      recycles: limits.recycles, seed: config.run.seed)
  }

  /// Scores the averaged weights; keeps them if they are the best so far.
  private func validate(
    _ samples: [TrainingSample], _ observe: (Event) -> Void
  ) throws -> TrainingRecord? {
    if samples.isEmpty { return nil }
    let start = ContinuousClock.now
    try engine.load(weights.average)
    let score = try ValidationScore(samples, engine: engine, member)
    try engine.load(optimizer.parameters)
    let record = TrainingRecord(
      .validation, step: step - 1, loss: score.loss, lddt: score.lddt,
      seconds: (ContinuousClock.now - start).seconds)
    let isBest = score.isBetter(than: best)
    if isBest {
      best = score
      if member.isWriter {
        try RunFolder.write(
          weights.average, config: config, note: "best average, after step \(step)", to: folder.best
        )
      }
    }
    observe(.validation(record, isBest: isBest))
    return record
  }

  /// Writes averaged weights, then the checkpoint: a kill in between repeats both.
  private func save() throws {
    if !member.isWriter { return }
    try RunFolder.write(
      weights.average, config: config, note: "average after step \(step)", to: folder.weights)
    if optimizer.clipper.adaptive != nil { try writeClipping() }
    try diary?.log.flush()
    let header = Checkpoint.Header(
      config: config, program: program, step: step, best: best, skippedInARow: skippedInARow,
      optimizer: optimizer.header)
    try CheckpointFile.write(
      Checkpoint(header: header, buffers: optimizer.buffers), to: folder.checkpoint)
  }

  /// How often AdaGC clipped each tensor: it clips most of them most of the time, which one share does not tell.
  private func writeClipping() throws {
    let counts = zip(optimizer.clipper.activeSteps, optimizer.clipper.clippedSteps)
    let lines = zip(config.layout.segments, counts).map { "\($0.name)\t\($1.0)\t\($1.1)\n" }
    try AtomicFile.write("tensor\tsteps\tclipped\n" + lines.joined(), to: folder.clipping)
  }

  private static func initialParameters(_ config: TrainingConfig) throws -> [Float] {
    let layout = config.layout
    guard let path = config.run.weights, !path.isEmpty else {
      return try FlatParameters.values(of: config.initialParameters, layout: layout)
    }
    let file = try ParameterFile(path: path, expecting: config.network)
    let values = try FlatParameters.values(of: file, layout: layout)
    if let name = layout.firstNotFinite(values) {
      throw TrainingRunError.unreadable(
        file: path, reason: "'\(name)' holds a value that is not finite; start from other weights")
    }
    return values
  }
}

/// The log and the event file of a run, whose folder no other process writes meanwhile.
private struct Diary {
  let log: TrainingLog
  let events: EventFile
  private let lock: FolderLock

  init(_ folder: RunFolder, _ config: TrainingConfig, from step: Int) throws {
    try AtomicFile.createFolder(folder.path)
    guard let lock = FolderLock(folder.path) else {
      throw TrainingRunError.busy(folder: folder.path)
    }
    self.lock = lock
    for place in [folder.path, folder.path + "/snapshots"] {
      AtomicFile.removeUnfinished(in: place)
    }
    try AtomicFile.write(try config.document(), to: folder.config)
    log = try TrainingLog(path: folder.log, keepingStepsBefore: step)
    events = try EventFile(folder: folder.path, startStep: step)
  }

  func write(_ record: TrainingRecord) throws {
    try log.write(record)
    try events.write(record.scalars, step: record.step)
  }
}

extension Checkpoint.Header {
  /// The best score so far; nil if other chains are scored from now on, with which it cannot be compared.
  func best(on validation: ValidationConfig) -> ValidationScore? {
    var mine = config.validation
    mine.interval = validation.interval
    return mine == validation ? best : nil
  }

  /// Throws unless the checkpoint belongs to a run of that configuration; its length may have changed.
  func requireSameRun(as other: TrainingConfig, file: String) throws(TrainingRunError) {
    func refuse(_ part: String) -> TrainingRunError {
      .otherRun(file: file, reason: "belongs to a run with other settings of '\(part)'")
    }
    if config.layout != other.layout || optimizer.layout != other.layout {
      throw .otherRun(
        file: file,
        reason:
          "holds a network of \(optimizer.layout.count) parameters ('\(config.network.name)'), the configuration asks for \(other.layout.count) ('\(other.network.name)')"
      )
    }
    if config.network != other.network { throw refuse("network") }
    if config.loss != other.loss { throw refuse("loss") }
    if config.optimizer != other.optimizer { throw refuse("optimizer") }
    var (mine, theirs) = (config.data, other.data)
    (mine.prefetch, theirs.prefetch) = (0, 0)
    if mine != theirs { throw refuse("data") }
    let (a, b) = (config.run, other.run)
    guard a.batch == b.batch, a.seed == b.seed, a.precision == b.precision, a.dropout == b.dropout,
      a.savedActivations == b.savedActivations
    else { throw refuse("run") }
    // A resumed run need not name the file again that it started from, but it must not name another.
    if let path = b.weights, !path.isEmpty, path != a.weights {
      throw .otherRun(
        file: file,
        reason: "belongs to a run that started from \(a.weights ?? "initial values"), not \(path)")
    }
  }
}
