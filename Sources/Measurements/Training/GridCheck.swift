import Distribution
import FeaturePipeline
import Foundation
import HelixFold
import TensorCore
import Training
import TrainingData
import TrainingRun
import Weights

/// Compares training on a grid of processes with training by one.
public struct GridCheck {
  /// The result, the same on every process.
  public struct Report: Sendable {
    /// Largest `‖g − g₁‖ / (10⁻⁵ ‖g₁‖ + 10⁻⁶ ‖all g₁‖)` over the arrays of the first step's gradient.
    public let worstShare: Double
    /// Arrays compared.
    public let arrays: Int
    /// Number of processes and steps with other weights than the first process.
    public let differing: Int
  }

  private let config: TrainingConfig
  private let store: String

  /// A check of runs with that configuration.
  public init(_ config: TrainingConfig, store: String) {
    self.config = config
    self.store = store
  }

  /// Runs the check.
  ///
  /// Collective.
  public func run(_ grid: ProcessGrid, _ world: any Communicator) throws -> Report {
    let member = try GridMember(grid, in: world)
    let source = try SampleSource(
      store: FeatureStore(path: store), network: config.network, config: config.data,
      seed: config.run.seed)
    try source.requireTrainable()
    let many = try engine(member)
    var mine = try sum(member.share(of: config.run.batch), source, many)
    try member.data.allReduce(&mine)
    var numbers = [0.0, 0.0]
    if world.rank == 0 {
      let one = try sum(0..<config.run.batch, source, try engine(.single))
      numbers = [compare(mine, one), Double(config.layout.segments.count)]
    }
    try world.broadcast(&numbers, from: 0)
    return Report(
      worstShare: numbers[0], arrays: Int(numbers[1]),
      differing: try differingWeights(member, source, many))
  }

  private func engine(_ member: GridMember) throws -> NetworkEngine {
    try NetworkEngine(
      config, threads: 1, branches: member.branches.map { .apart(RemoteBranch($0)) },
      axial: member.axes.map { AxialMembers($0) })
  }

  private func sum(
    _ share: Range<Int>, _ source: SampleSource, _ engine: NetworkEngine
  ) throws -> [Float] {
    let parameters = try FlatParameters.values(
      of: InitialParameters(config.network, seed: config.run.seed), layout: config.layout)
    try engine.load(parameters)
    var accumulator = GradientAccumulator(
      layout: config.layout, method: .none, samples: share.count)
    try engine.differentiate(try share.map { try source.sample(step: 0, sample: $0) }) {
      accumulator.add($2)
    }
    return accumulator.takeSum()
  }

  private func compare(_ gradient: [Float], _ reference: [Float]) -> Double {
    let difference = zip(gradient, reference).map { $0 - $1 }
    let (errors, norms) = (
      config.layout.norms(of: difference), config.layout.norms(of: reference)
    )
    let all = norms.reduce(0) { $0 + $1 * $1 }.squareRoot()
    // `max()` would ignore NaN.
    return zip(errors, norms).map { error, norm in
      let share = error / (1e-5 * norm + 1e-6 * all)
      return share.isFinite ? share : .infinity
    }.max() ?? 0
  }

  /// Trains, and counts the weights that differ from those of the first process after a step.
  private func differingWeights(
    _ member: GridMember, _ source: SampleSource, _ engine: NetworkEngine
  ) throws -> Int {
    let folder = FileManager.default.temporaryDirectory.path + "/helixfold-\(UUID().uuidString)"
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let trainer = try Trainer(
      config, folder: RunFolder(path: folder), source: source, engine: engine, resumes: false,
      program: "check", member: member)
    var differing = 0
    try trainer.run(observe: { event in
      guard case .step = event else { return }
      let mine = trainer.weights.current
      var first = mine
      try member.world.broadcast(&first, from: 0)
      let differs = zip(mine, first).contains { $0.bitPattern != $1.bitPattern }
      differing += try member.world.allGather([differs ? 1 : 0]).filter { $0[0] > 0 }.count
    })
    return differing
  }
}
