import Distribution
import FoldingCore
import FoldingModel
import Foundation
import NumericArrays
import Protein
import TensorCore
import Training
import TrainingData
import TrainingRun

/// The folding network as the trainer sees it: loss and gradient of a sample.
///
/// Master weights and gradients are fp32 in one flat buffer each; the network computes with copies of the weights in its
/// own storage, refreshed by `load`.
public final class NetworkEngine: GradientEngine {
  private let network: FoldingNetwork
  private let layout: ParameterLayout
  private let parts: GradientParts
  private let loss: FoldingLoss
  private let recomputes: Bool
  private let checkpointFormat: BlockFormat?
  /// Samples are computed side by side, each on a lane with its own workers and buffers.
  private let lanes: [Lane]
  private let group: WorkerGroup
  /// The process that runs the other branch of every block, if there is one.
  private let partner: (any BranchPartner)?
  /// The processes that share every operation, if there are several.
  private let axial: AxialMembers?
  /// Samples that are differentiated side by side.
  public let window: Int
  /// Samples that are computed at the same time.
  public var laneCount: Int { lanes.count }
  /// Polled before each sample; once true, no further sample is started and `EngineStopped` is thrown.
  var shouldStop: @Sendable () -> Bool = { false }

  /// The means to compute one sample.
  private struct Lane {
    let context: ExecutionContext
    /// Gradient of every parameter, in the order of the layout.
    let gradient: Tensor
  }

  /// Most memory that a lane may hold and keep between samples, if they need less.
  public static let mostKeptBytes = 256 << 20
  /// Memory for gradients of samples that wait their turn.
  private static let waitingBytes = 256 << 20

  /// A network of `config`; parameters are undefined until `load`.
  ///
  /// - Parameters:
  ///   - lanes: samples computed side by side; nil for one per thread. Threads are divided among the lanes.
  ///   - keptBytes: memory that each lane keeps for its samples even if they need less, so that it need not be allocated again.
  ///   - branches: where the branches of a block run; nil to let the cost model decide.
  ///   - axial: the processes that share every operation.
  public init(
    _ config: TrainingConfig, threads: Int, lanes: Int? = nil,
    keptBytes: Int = NetworkEngine.mostKeptBytes, branches: BranchSchedule? = nil,
    axial: AxialMembers? = nil, backend: MatrixBackend = .native
  ) throws {
    let storage = config.run.precision
    let layout = config.layout
    self.layout = layout
    parts = GradientParts(config.network, layout)
    loss = FoldingLoss(config.loss, heads: config.network.heads)
    recomputes = config.run.recompute
    checkpointFormat = config.run.savedActivations
    let branches = branches ?? Self.branches(config)
    partner = if case .apart(let other) = branches { other } else { nil }
    self.axial = axial
    let count = Self.mostLanes(
      asked: lanes, threads: threads, samples: config.run.batch,
      isAlone: partner == nil && axial == nil)
    self.lanes = (0..<count).map { lane in
      let pool = BufferPool(allowance: keptBytes)
      return Lane(
        context: ExecutionContext(
          workers: WorkerGroup(count: threads * (lane + 1) / count - threads * lane / count),
          pool: pool, storage: storage, backend: backend
        ).scheduling(branches).sharing(with: axial),
        gradient: Tensor(zeros: [layout.count], .float32, pool: pool))
    }
    group = WorkerGroup(count: count)
    window = Self.window(lanes: count, 4 * layout.count)
    let zeros = FlatParameters(
      layout: layout, values: [Float](repeating: 0, count: layout.count))
    network = try FoldingNetwork(
      config.network, parameters: zeros, storage: storage, pool: BufferPool())
  }

  /// Samples computed side by side, as many as asked for or else as threads, if there are as many.
  ///
  /// - Parameters:
  ///   - samples: how many there are at a time.
  ///   - isAlone: whether no other process works on the same samples; if one does, messages are of one sample at a time, so that all
  ///     processes send them in the same order.
  static func mostLanes(asked: Int? = nil, threads: Int, samples: Int, isAlone: Bool = true) -> Int
  {
    isAlone ? max(1, min(asked ?? threads, threads, samples)) : 1
  }

  /// Samples that are differentiated together, given the bytes of a gradient.
  ///
  /// A single lane gains nothing from samples that wait.
  static func window(lanes: Int, _ gradient: Int) -> Int {
    lanes == 1 ? 1 : max(lanes, waitingBytes / max(1, gradient))
  }

  /// Copies new parameters into the network, rounded to its storage.
  public func load(_ parameters: [Float]) throws {
    try parameters.withUnsafeBufferPointer { parameters in
      for segment in layout.segments {
        guard let tensor = network.parameters[segment.name] else {
          throw ParameterError.missing(key: segment.name)
        }
        tensor.assign(UnsafeBufferPointer(rebasing: parameters[segment.range]))
      }
    }
  }

  /// Losses and gradients of samples, handed over in their order.
  public func differentiate(
    _ samples: [TrainingSample], _ body: (TrainingSample, SampleOutcome, [Float]) -> Void
  ) throws {
    let results = try spread(samples) { try differentiate($0, $1) }
    for (sample, result) in zip(samples, results) { body(sample, result.outcome, result.gradient) }
  }

  /// Losses and scores of samples without gradients, with the parameters that were loaded last.
  public func evaluate(_ samples: [TrainingSample]) throws -> [SampleOutcome] {
    let outcomes = try spread(samples) { sample, lane in
      do {
        let (output, report, _) = try lossOfSample(
          sample, lane.context.recording(on: .discarding()))
        return SampleOutcome(
          loss: report, alphaCarbons: alphaCarbons(output), confidence: output.plddt)
      } catch PassError.notFinite {
        return .notFinite
      }
    }
    try partner?.check()
    try axial?.check()
    return outcomes
  }

  private func differentiate(
    _ sample: TrainingSample, _ lane: Lane
  ) throws -> (outcome: SampleOutcome, gradient: [Float]) {
    let tape = Tape(recomputes: recomputes, checkpointFormat: checkpointFormat)
    let forward = lane.context.recording(on: tape)
      .droppingOut(by: sample.dropoutSeed.map { RandomKey(seed: $0) })
    let backward = lane.context.accumulating(in: boundGradients(lane))
    var outcome = SampleOutcome.notFinite
    do {
      let (output, report, gradients) = try lossOfSample(sample, forward)
      output.seed(gradients, backward)
      tape.replay(backward)
      outcome = SampleOutcome(loss: report, alphaCarbons: alphaCarbons(output))
    } catch PassError.notFinite {
      // The guard skips the step.
    }
    try shareGradients(lane)
    return (outcome, Array(UnsafeBufferPointer(start: lane.gradient.floats, count: layout.count)))
  }

  /// The schedule that the cost model expects to be faster for samples of the configured size.
  private static func branches(_ config: TrainingConfig) -> BranchSchedule {
    let size = config.network.problemSize(
      residues: config.data.crop, rows: .max, templates: 0)
    return BranchPlan(config.network, size).prefersBranches ? .sideBySide : .inTurn(nil)
  }

  /// Exchanges gradients of only one branch with the partner process, then sums those computed in part by processes that share
  /// operations.
  private func shareGradients(_ lane: Lane) throws {
    if let partner {
      let (mine, theirs) =
        partner.role == .first ? (parts.first, parts.second) : (parts.second, parts.first)
      partner.exchange(
        sending: mine.map { lane.gradient[$0] }, receiving: theirs.map { lane.gradient[$0] })
      try partner.check()
    }
    if let axial {
      for range in parts.shared {
        let part = lane.gradient[range]
        axial.allReduce(UnsafeMutableBufferPointer(start: part.floats, count: part.count))
      }
      try axial.check()
    }
  }

  /// Runs `body` for each sample on whichever lane is free, long ones first; results are in the order of the samples.
  private func spread<Result>(
    _ samples: [TrainingSample], _ body: (TrainingSample, Lane) throws -> Result
  ) throws -> [Result] {
    let order = samples.indices.sorted { samples[$0].residueCount > samples[$1].residueCount }
    let lock = NSLock()
    var next = 0
    var results = [Swift.Result<Result, any Error>?](repeating: nil, count: samples.count)
    group.run { lane in
      while true {
        let place = lock.withLock {
          defer { next += 1 }
          return next
        }
        if place >= order.count || shouldStop() { return }
        let index = order[place]
        let result = Swift.Result { try body(samples[index], lanes[lane]) }
        lock.withLock { results[index] = result }
      }
    }
    return try results.map { result in
      guard let result else { throw EngineStopped() }
      return try result.get()
    }
  }

  private func lossOfSample(
    _ sample: TrainingSample, _ context: ExecutionContext
  ) throws -> (output: TrainingOutput, report: LossReport, gradients: LossGradients<Float>) {
    let passes = RecyclingTraining(network, sample.features, recycles: sample.recycles)
    guard let output = try passes.run(context).output else { throw PassError.noOutput }
    let (report, gradients) = loss(
      LossInputs(output), labels: sample.labels, alignment: sample.alignment,
      clampedShare: sample.clampedShare)
    return (output, report, gradients)
  }

  /// Gradients whose parameter gradients lie in the lane's cleared buffer.
  private func boundGradients(_ lane: Lane) -> Gradients {
    lane.gradient.floats.update(repeating: 0, count: layout.count)
    let gradients = Gradients(pool: lane.context.pool)
    for segment in layout.segments {
      guard let tensor = network.parameters[segment.name] else { continue }
      gradients.bind(tensor, to: lane.gradient[segment.range])
    }
    return gradients
  }

  private func alphaCarbons(_ output: TrainingOutput) -> [Float] {
    guard let atoms = output.structure.atom14?.array().values else { return [] }
    return stride(from: 0, to: atoms.count, by: Atom14.count * 3).flatMap {
      atoms[$0 + 3..<$0 + 6]  // CA is atom 1 of every residue
    }
  }
}
