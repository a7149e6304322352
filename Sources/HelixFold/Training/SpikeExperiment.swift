import FeaturePipeline
import FoldingCore
import Training
import TrainingData
import TrainingRun

/// Trains with the gradient of one tensor multiplied in one step: what clipping makes of a spike.
public struct SpikeExperiment {
  /// Which tensor is hit.
  public enum Target: String, CaseIterable, Sendable {
    /// None: the undisturbed run.
    case none
    /// The tensor with the smallest gradient that is not 0 in the step.
    case low
    /// The tensor with the largest gradient in the step.
    case high
  }

  /// The run.
  public var config: TrainingConfig
  /// Path of the training store.
  public var store: String
  /// Folder of the run.
  public var folder: String
  /// Step of the spike, from 0.
  public var step: Int
  /// What is multiplied.
  public var target: Target
  /// By what.
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

  /// Trains; returns the name and norm of the tensor that was hit.
  public func run(_ reporter: ProgressReporter) throws -> (name: String, norm: Double)? {
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
  private(set) var hit: (name: String, norm: Double)?

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
    let norms = layout.segments.map { segment in
      (segment, gradient[segment.range].reduce(0) { $0 + Double($1) * Double($1) }.squareRoot())
    }.filter { $0.1 > 0 }
    let chosen =
      if let hit { norms.first { $0.0.name == hit.name } } else {
        switch target {
        case .none: nil as (ParameterLayout.Segment, Double)?
        case .low: norms.min { $0.1 < $1.1 }
        case .high: norms.max { $0.1 < $1.1 }
        }
      }
    guard let chosen else { return gradient }
    if hit == nil { hit = (chosen.0.name, chosen.1) }
    var result = gradient
    for index in chosen.0.range { result[index] *= factor }
    return result
  }
}
