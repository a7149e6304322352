import AtomicFiles
import Messages
import Training
import Weights

/// The state of a run between two steps, in memory; a `Checkpoint` is what a file keeps of it.
struct RunState {
  /// Configuration of the run.
  let config: TrainingConfig
  /// Weights, and how they follow gradients.
  var optimizer: Optimizer
  /// Number of the next step.
  var step = 0
  /// Whether the validation after the last step, or before the first, is still to be done.
  var owesValidation = false
  /// Best validation score so far.
  var best: ValidationScore?
  /// CRC-64 of the names of the chains that were scored.
  private var scored: String?
  /// The best score so far, if later ones cannot be compared with it, and the step at which the run resumed.
  private(set) var earlierBest: (score: ValidationScore, step: Int)?
  /// Steps skipped in a row, up to now.
  var skippedInARow = 0
  /// Whether the weights are still the random numbers that training begins with.
  var isRandom: Bool { step == 0 && beginsWithRandom }
  /// Whether the run resumed from a checkpoint.
  private(set) var isResumed = false
  /// Whether the folder's last checkpoint is damaged, so that this state comes from the one before.
  private(set) var isFromPrevious = false
  /// Cautions about the checkpoint or the weights that the run begins with, one line each.
  private(set) var cautions: [String] = []
  /// The parameter file that the run began with.
  let start: StartingWeights?
  private let beginsWithRandom: Bool
  private let program: String
  private let kernels: String?
  /// The store, as named when the run began.
  private let store: StoreMark

  /// The state before the first step or, with `resumes`, that of the folder's checkpoint.
  init(
    _ config: TrainingConfig, folder: RunFolder, resumes: Bool, identity: RunIdentity
  ) throws {
    if folder.hasCheckpoint {
      guard resumes else { throw TrainingRunError.exists(folder: folder.path) }
      try self.init(resuming: config, from: folder, identity)
    } else {
      if resumes { throw TrainingRunError.nothingToResume(folder: folder.path) }
      if let file = folder.remainder {
        throw TrainingRunError.remainder(folder: folder.path, file: file)
      }
      try self.init(beginning: config, identity)
    }
  }

  private init(beginning config: TrainingConfig, _ identity: RunIdentity) throws {
    self.config = config
    (program, kernels, store) = (identity.program, identity.kernels, identity.store)
    let parameters: [Float]
    (parameters, beginsWithRandom, start, cautions) = try Self.initialParameters(config)
    // Trained weights are compared with the given ones.
    owesValidation = start != nil && config.validation.interval > 0
    optimizer = Optimizer(
      layout: config.layout, parameters: parameters,
      config: config.optimizer.settings(seed: config.run.seed))
  }

  private init(
    resuming asked: TrainingConfig, from folder: RunFolder, _ identity: RunIdentity
  ) throws {
    let (checkpoint, damage) = try Self.lastCheckpoint(folder)
    let header = checkpoint.header
    try header.config.validate(file: folder.checkpoint)
    try header.requireSameRun(as: asked, file: folder.checkpoint)
    try identity.requireStore(of: header, file: folder.checkpoint)
    isResumed = true
    isFromPrevious = damage != nil
    cautions = [damage].compactMap { $0 } + identity.cautions(header, file: folder.checkpoint)
    (program, kernels) = (identity.program, identity.kernels)
    store = header.store ?? identity.store
    start = header.start
    // The starting weights can no longer be chosen; config.json still names them.
    var config = asked
    config.run.weights = header.config.run.weights
    config.run.newParts = header.config.run.newParts
    config.run.initialValues = header.config.run.initialValues
    self.config = config
    beginsWithRandom = header.isRandom ?? false
    optimizer = try Optimizer(header: header.optimizer, buffers: checkpoint.buffers)
    guard optimizer.parameters.allSatisfy(\.isFinite) else {
      throw TrainingRunError.notFinite(file: folder.checkpoint, step: header.step)
    }
    guard header.step >= 0 else {
      throw OptimizerStateError.inconsistent("\(folder.checkpoint): its step is \(header.step)")
    }
    guard (0...OptimizerHeader.largestCount).contains(header.skippedInARow) else {
      throw OptimizerStateError.inconsistent(
        "\(folder.checkpoint): \(header.skippedInARow) steps in a row were left out")
    }
    guard header.step <= config.run.steps else {
      throw TrainingRunError.finished(
        folder: folder.path, steps: header.step, asked: config.run.steps)
    }
    step = header.step
    owesValidation = header.owesValidation ?? false
    best = header.best
    scored = header.scored
    if header.best(with: config) == nil { forgetBest() }
    skippedInARow = header.skippedInARow
  }

  /// The last intact checkpoint, and what is wrong with the one after it.
  private static func lastCheckpoint(
    _ folder: RunFolder
  ) throws -> (checkpoint: Checkpoint, damage: String?) {
    do {
      return (try CheckpointFile.read(folder.checkpoint), nil)
    } catch let error as TrainingRunError {
      // Whatever is wrong with the one before, the error reported is that of the last one.
      guard error.isDamage, let earlier = try? CheckpointFile.read(folder.previousCheckpoint)
      else { throw error }
      let line =
        "\(error.place); going on from previous.checkpoint, after step \(earlier.header.step)"
      return (earlier, line)
    }
  }

  /// Sets the chains that are scored from now on; a best score on other chains is dropped, since it cannot be compared.
  mutating func scores(_ chains: [String]) {
    var check = CyclicRedundancyCheck64()
    Array(chains.joined(separator: "\n").utf8).withUnsafeBytes { check.update($0) }
    if let scored, scored != check.text { forgetBest() }
    scored = check.text
  }

  private mutating func forgetBest() {
    if let best { earlierBest = (best, step) }
    best = nil
  }

  /// Weights now, and their moving average.
  var weights: (current: [Float], average: [Float]) {
    (optimizer.parameters, optimizer.average.values)
  }

  /// The part of the state that a file keeps.
  func checkpoint() -> Checkpoint {
    let header = Checkpoint.Header(
      config: config, program: program, step: step, owesValidation: owesValidation ? true : nil,
      isRandom: isRandom ? true : nil,
      best: best, scored: scored, skippedInARow: skippedInARow, optimizer: optimizer.header,
      kernels: kernels,
      start: start, store: store)
    return Checkpoint(header: header, buffers: optimizer.buffers)
  }

  /// The values of the starting file, or initial ones; whether they are random numbers; the file; and cautions about it.
  private static func initialParameters(
    _ config: TrainingConfig
  ) throws -> (values: [Float], isRandom: Bool, start: StartingWeights?, cautions: [String]) {
    let layout = config.layout
    guard let path = config.run.weights, !path.isEmpty else {
      return (
        try FlatParameters.values(of: config.initialParameters, layout: layout), true, nil, []
      )
    }
    let parts = config.run.newParts ?? []
    let file = try ParameterFile(path: path, expecting: config.network, leavingOut: parts)
    let initial = config.initialParameters
    let values = try FlatParameters.values(layout: layout) { name in
      parts.contains { name.contains($0) } ? initial : file
    }
    let (found, asked) = (file.config.recycles, config.network.recycles)
    let cautions =
      file.format == .own && found != asked
      ? [
        "\(path) is a network of \(counted(found, "recycle")), the weights of this run will be one of \(asked); set 'network.recycles' to \(found), and 'data.recycleWeights' for as many, to keep them"
      ] : []
    return (values, file.isRandom, try StartingWeights(file), cautions)
  }
}
