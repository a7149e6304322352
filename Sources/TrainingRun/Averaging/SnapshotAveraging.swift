import AtomicFiles
import FoldingCore
import Messages
import NumericArrays
import Training
import TrainingData
import Weights

/// Averages parameter files of one network; only SeWA holds more than one in memory at a time.
public struct SnapshotAveraging: Sendable {
  /// How files are combined.
  public enum Method: String, CaseIterable, Sendable {
    /// Mean of all, or of the last `keep`.
    case uniform
    /// The same, under the published name of the mean of the last `keep` (LAWA).
    case lawa
    /// Exponential moving average, oldest first.
    case ema
    /// From the best file on, each joins if the validation loss does not rise.
    case greedy
    /// Selection of `keep` learned on validation chains (SeWA); all files with a finite loss are in memory.
    case sewa

    /// Whether a loss on validation chains is needed.
    public var needsObjective: Bool { self == .greedy || self == .sewa }
  }

  /// The loss by which averages are chosen: pure functions of the weights.
  public struct Objective {
    /// Number of samples that the loss averages over.
    public var samples: Int
    /// The loss: one forward pass over the samples.
    public var loss: ([Float]) throws -> Double
    /// The loss and its gradient; takes about three times as long.
    public var gradient: ([Float]) throws -> (loss: Double, gradient: [Float])

    /// A loss, alone and with its gradient.
    public init(
      samples: Int, loss: @escaping ([Float]) throws -> Double,
      gradient: @escaping ([Float]) throws -> (loss: Double, gradient: [Float])
    ) {
      self.samples = samples
      self.loss = loss
      self.gradient = gradient
    }
  }

  /// Progress of a choice by the objective.
  public struct Progress: Sendable, Hashable {
    /// The last task done.
    public var task: String
    /// Share of the work, 0 … 1.
    public var fraction: Double
    /// Seconds for the rest; nil while no estimate is possible.
    public var remaining: Double?
  }

  /// The basis of a choice.
  public struct Choice: Sendable, Hashable {
    /// Loss of each file alone; not finite where its weights or its loss are not.
    public var losses: [Double]
    /// Probability of each file at the end; nil with other methods than SeWA.
    public var probabilities: [Double]?
    /// Loss of the average that was written.
    public var loss: Double
  }

  /// The result of averaging.
  public struct Result: Sendable {
    /// The averaged weights.
    public var parameters: FlatParameters
    /// Their network.
    public var network: FoldingConfig
    /// Indices of the files in the average, from 0.
    public var selected: [Int]
    /// The basis of the choice; nil for methods that need no loss.
    public var choice: Choice?
    /// Whether any file in the average is marked as having random parameters.
    public var isRandom: Bool
  }

  /// How files are combined.
  public var method: Method
  /// Number of files to average; nil for all, or ten with SeWA.
  public var keep: Int?
  /// Decay of the moving average per file.
  public var decay = 0.9
  /// Constants of SeWA; its number of files is `keep`.
  public var selection = SelectiveAveragingConfig()

  /// An average by a method.
  public init(_ method: Method) { self.method = method }

  /// Largest number of forward passes over the objective's samples for a choice among `count` files; a gradient counts as three.
  public func passes(choosingAmong count: Int) -> Int {
    switch method {
    case .uniform, .lawa, .ema: 0
    case .greedy: max(2 * count - 1, 0)
    case .sewa:
      count + (kept(of: count) < count ? 3 * selection.iterations * selection.samples : 0) + 1
    }
  }

  /// Number of files, out of `count`, whose weights are in memory at the same time.
  public func filesInMemory(among count: Int) -> Int { method == .sewa ? count : 1 }

  private func kept(of count: Int) -> Int { keep ?? min(selection.keep, count) }

  /// Parameter files named by paths; a run's folder stands for its snapshots.
  public static func files(_ paths: [String]) throws -> [String] {
    try paths.flatMap { path in
      guard PathKind(of: path) == .folder else { return [path] }
      let folder = RunFolder(path: path)
      let snapshots = folder.snapshots
      guard !snapshots.isEmpty else {
        throw TrainingRunError.unreadable(
          file: path, reason: "holds no snapshots/step_*.h5; \(reasonForNone(in: folder))")
      }
      return snapshots
    }
  }

  /// Why a run has left no snapshot, as far as its configuration and log show.
  private static func reasonForNone(in folder: RunFolder) -> String {
    guard let interval = (try? TrainingConfig.read(folder.config))?.run.snapshotInterval,
      interval > 0, let records = try? TrainingLog.read(folder.log)
    else { return "set run.snapshotInterval when training" }
    let steps = (records.last { $0.event == .step }?.step ?? -1) + 1
    return "run.snapshotInterval is \(interval), the run made \(counted(steps, "step"))"
  }

  /// Reads the files, oldest first, and averages them.
  ///
  /// - Parameters:
  ///   - expected: their network; nil for that of the first.
  ///   - objective: for `greedy` and `sewa`: a function of that network's weights.
  ///   - observe: called after every evaluation of the objective.
  public func callAsFunction(
    _ files: [String], expecting expected: FoldingConfig? = nil, objective: Objective? = nil,
    observe: (Progress) -> Void = { _ in }
  ) throws -> Result {
    guard let first = files.first else { throw WeightAveragingError.noCheckpoint }
    if let keep { try WeightAveraging.checkSelection(keep, among: files.count) }
    let network = try expected ?? ParameterFile(path: first).config
    let layout = ParameterLayout(network.parameterManifest)
    // Values are not checked here: files of a run that diverged are skipped.
    let sources = try files.map { try ParameterFile(inspecting: $0, config: network) }
    for source in sources { try source.requireFit(to: network) }
    let snapshots = Snapshots(
      files: sources, layout: layout, refusesNotFinite: !method.needsObjective)
    let (values, selected, choice) = try average(snapshots, objective, observe)
    return Result(
      parameters: FlatParameters(layout: layout, values: values), network: network,
      selected: selected, choice: choice, isRandom: selected.contains { sources[$0].isRandom })
  }

  private func average(
    _ snapshots: Snapshots, _ objective: Objective?, _ observe: (Progress) -> Void
  ) throws -> (values: [Float], selected: [Int], choice: Choice?) {
    let latest = Array((0..<snapshots.count).suffix(keep ?? snapshots.count))
    var meter = ObjectiveMeter(total: passes(choosingAmong: snapshots.count))
    switch method {
    case .uniform, .lawa:
      return (try WeightAveraging.uniform(snapshots, last: keep), latest, nil)
    case .ema:
      return (try WeightAveraging.exponential(snapshots, last: keep, decay: decay), latest, nil)
    case .greedy:
      let objective = try required(objective)
      let soup = try WeightAveraging.greedySoup(snapshots) { tried in
        let loss = try objective.loss(tried)
        meter.losses += 1
        observe(meter.progress("loss \(meter.losses) of \(meter.total)"))
        return loss
      }
      return (
        soup.weights, soup.selected,
        Choice(losses: soup.losses, probabilities: nil, loss: soup.loss)
      )
    case .sewa:
      let objective = try required(objective)
      var config = selection
      config.keep = kept(of: snapshots.count)
      let found = try SelectiveAveraging(config)(
        snapshots,
        objective: { tried in
          let found = try objective.gradient(tried)
          meter.gradients += 1
          let iteration = (meter.gradients + config.samples - 1) / max(config.samples, 1)
          observe(meter.progress("iteration \(iteration) of \(config.iterations)"))
          return found
        },
        loss: { tried in
          let loss = try objective.loss(tried)
          meter.losses += 1
          observe(meter.progress("loss of snapshot \(meter.losses)"))
          return loss
        })
      let loss = try objective.loss(found.weights)
      meter.losses += 1
      observe(meter.progress("loss of the mean"))
      return (
        found.weights, found.selected,
        Choice(losses: found.checkpointLosses, probabilities: found.probabilities, loss: loss)
      )
    }
  }

  private func required(_ objective: Objective?) throws(WeightAveragingError) -> Objective {
    guard let objective else { throw .noObjective(method: method.rawValue) }
    return objective
  }

  /// Mean loss over samples, and its gradient, without dropout.
  public static func objective(
    _ samples: [TrainingSample], engine: any GradientEngine
  ) -> Objective {
    let share = 1 / Float(max(samples.count, 1))
    return Objective(
      samples: samples.count,
      loss: { weights in
        try engine.load(weights)
        return try engine.evaluate(samples).reduce(0) { $0 + $1.loss.total } * Double(share)
      },
      gradient: { weights in
        try engine.load(weights)
        var (loss, sum) = (0.0, [Float](repeating: 0, count: weights.count))
        for first in stride(from: 0, to: samples.count, by: max(1, engine.window)) {
          let group = Array(samples[first..<min(first + max(1, engine.window), samples.count)])
          try engine.differentiate(group) { _, outcome, gradient in
            loss += outcome.loss.total
            for index in sum.indices { sum[index] += gradient[index] }
          }
        }
        return (loss * Double(share), sum.map { $0 * share })
      })
  }
}

/// The files of an average, each read on demand.
private struct Snapshots: CheckpointSource {
  let files: [ParameterFile]
  let layout: ParameterLayout
  /// Whether a value that is not finite is an error, rather than a reason for the method to skip the file.
  let refusesNotFinite: Bool

  var count: Int { files.count }
  var parameterCount: Int { layout.count }

  func weights(at index: Int) throws -> [Float] {
    let values = try FlatParameters.values(of: files[index], layout: layout)
    if refusesNotFinite, let tensor = layout.firstNotFinite(values) {
      throw WeightAveragingError.notFinite(file: files[index].path, tensor: tensor)
    }
    return values
  }
}

/// Turns evaluations of an objective into a share of the work and a remaining time.
private struct ObjectiveMeter {
  let total: Int
  var losses = 0
  var gradients = 0
  private let time = RemainingTime()

  init(total: Int) { self.total = total }

  func progress(_ task: String) -> SnapshotAveraging.Progress {
    let done = losses + 3 * gradients
    return SnapshotAveraging.Progress(
      task: task, fraction: Double(done) / Double(max(total, 1)),
      remaining: time.seconds(done: Double(done), left: Double(total - done)))
  }
}
