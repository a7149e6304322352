import AtomicFiles
import FeaturePipeline
import FoldingCore
import HelixFold
import Training
import TrainingData
import TrainingRun

/// Trains with the gradient of one tensor multiplied in one step, to test clipping on a spike.
public struct SpikeExperiment {
  /// Which tensor is hit.
  public enum Target: String, CaseIterable, Sendable {
    /// None: the undisturbed run.
    case none
    /// The tensor with the smallest gradient that is at least a thousandth of the whole in the step.
    ///
    /// Smaller ones may be only rounding noise: a bias that is added to all logits of a softmax has the gradient 0.
    case low
    /// The tensor with the largest gradient in the step.
    case high

    /// Index of the tensor to hit, given the norms of all.
    func place(in norms: [Double]) -> Int? {
      let whole = norms.reduce(0) { $0 + $1 * $1 }.squareRoot()
      let candidates = norms.indices.filter { norms[$0] > 0 && norms[$0] >= 1e-3 * whole }
      return switch self {
      case .none: nil
      case .low: candidates.min { norms[$0] < norms[$1] }
      case .high: candidates.max { norms[$0] < norms[$1] }
      }
    }
  }

  /// The tensor that was hit.
  public struct Hit: Sendable, Hashable {
    /// Its name.
    public var name: String
    /// Norm of its gradient before the spike, in the first sample of the step.
    public var norm: Double
    /// Norm of that sample's whole gradient.
    public var wholeNorm: Double
  }

  /// The run.
  public var config: TrainingConfig
  /// Path of the training store.
  public var store: String
  /// Folder of the run.
  public var folder: String
  /// Step of the spike, from 0.
  public var step: Int
  /// The tensor to hit.
  public var target: Target
  /// Factor on its gradient.
  public var factor: Float
  /// Worker threads.
  public var threads: Int

  /// An experiment.
  public init(
    config: TrainingConfig, store: String, folder: String, step: Int, target: Target,
    factor: Float, threads: Int
  ) {
    self.config = config
    self.store = store
    self.folder = folder
    self.step = step
    self.target = target
    self.factor = factor
    self.threads = threads
  }

  /// Trains; returns the tensor that was hit, and writes it to `spike.tsv` in the run's folder.
  public func run(_ reporter: ProgressReporter) throws -> Hit? {
    let source = try SampleSource(
      store: FeatureStore(path: store), network: config.network, config: config.data,
      seed: config.run.seed)
    try source.requireTrainable()
    let engine = SpikingEngine(
      try NetworkEngine(config, threads: threads), layout: config.layout, target: target,
      factor: factor, samples: step * config.run.batch..<(step + 1) * config.run.batch)
    let trainer = try Trainer(
      config, folder: RunFolder(path: folder), source: source, engine: engine, resumes: false,
      program: "helixfold \(helixFoldVersion)")
    try trainer.run(shouldStop: { Interruption.isRequested }) { event in
      if case .step(let record, let share, let remaining) = event {
        reporter.progress("step \(record.step + 1)", share, remaining: remaining)
      }
    }
    if let hit = engine.hit {
      try AtomicFile.write(
        "tensor\tnorm\twhole_norm\n\(hit.name)\t\(hit.norm)\t\(hit.wholeNorm)\n",
        to: folder + "/spike.tsv")
    }
    return engine.hit
  }
}

/// An engine whose gradients of some samples have a spike in one tensor.
private final class SpikingEngine: GradientEngine {
  private let engine: NetworkEngine
  private let layout: ParameterLayout
  private let target: SpikeExperiment.Target
  private let factor: Float
  private let samples: Range<Int>
  private var count = 0
  private(set) var hit: SpikeExperiment.Hit?

  init(
    _ engine: NetworkEngine, layout: ParameterLayout, target: SpikeExperiment.Target,
    factor: Float, samples: Range<Int>
  ) {
    self.engine = engine
    self.layout = layout
    self.target = target
    self.factor = factor
    self.samples = samples
  }

  var window: Int { engine.window }

  func load(_ parameters: [Float]) throws { try engine.load(parameters) }

  func differentiate(
    _ samples: [TrainingSample], _ body: (TrainingSample, SampleOutcome, [Float]) -> Void
  ) throws {
    try engine.differentiate(samples) { sample, outcome, gradient in
      body(sample, outcome, self.samples.contains(count) ? spiked(gradient) : gradient)
      count += 1
    }
  }

  func evaluate(_ samples: [TrainingSample]) throws -> [SampleOutcome] {
    try engine.evaluate(samples)
  }

  /// The gradient with one tensor multiplied: the same one for all samples of the step.
  private func spiked(_ gradient: [Float]) -> [Float] {
    if hit == nil {
      let norms = layout.norms(of: gradient)
      hit = target.place(in: norms).map { place in
        SpikeExperiment.Hit(
          name: layout.segments[place].name, norm: norms[place],
          wholeNorm: norms.reduce(0) { $0 + $1 * $1 }.squareRoot())
      }
    }
    guard let hit, let segment = layout.segments.first(where: { $0.name == hit.name }) else {
      return gradient
    }
    var result = gradient
    for index in segment.range { result[index] *= factor }
    return result
  }
}
