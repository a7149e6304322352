import FeaturePipeline
import FoldingCore
import NumericArrays
import Training
import TrainingData
import TrainingRun

/// A model that stands in for the network: a quadratic bowl whose centre depends on everything that was drawn.
///
/// Parameters follow samples, so that a wrong order, a lost moment or a repeated sample changes the final bits.
public final class StandInEngine: GradientEngine {
  private var parameters: [Float] = []
  /// Multiplies the gradient of a sample; for injected spikes.
  public var factor: (TrainingSample) -> Float = { _ in 1 }

  /// An engine without parameters that takes so many samples at once.
  public init(window: Int = 2) { self.window = window }

  /// Takes the parameters of the next calls.
  public func load(_ parameters: [Float]) { self.parameters = parameters }

  /// Samples of a step that are given at once.
  public let window: Int

  /// Made-up losses and gradients, the same for the same sample and parameters.
  public func differentiate(
    _ samples: [TrainingSample], _ body: (TrainingSample, SampleOutcome, [Float]) -> Void
  ) {
    var gradient = parameters
    for sample in samples {
      let outcome = differentiate(sample, into: &gradient)
      body(sample, outcome, gradient)
    }
  }

  /// Made-up losses without gradients.
  public func evaluate(_ samples: [TrainingSample]) -> [SampleOutcome] {
    samples.map { outcome($0, loss: parameters.reduce(0) { $0 + Double($1 * $1) }) }
  }

  private func differentiate(
    _ sample: TrainingSample, into gradient: inout [Float]
  ) -> SampleOutcome {
    var key = RandomKey(seed: sample.dropoutSeed ?? 0)
    for value in sample.alignment.trueClasses.prefix(50) { key = key.child(value) }
    let factor = factor(sample)
    var sum = 0.0
    for index in parameters.indices {
      let difference = parameters[index] - key.uniform(index)
      gradient[index] = factor * difference / Float(parameters.count)
      sum += Double(difference * difference)
    }
    return outcome(sample, loss: Double(factor) * sum / Double(2 * parameters.count))
  }

  /// C-alphas that are off by an amount which depends on the parameters.
  private func outcome(_ sample: TrainingSample, loss: Double) -> SampleOutcome {
    var report = LossReport()
    report.total = loss
    let shift = parameters.first ?? 0
    let alphas = (0..<sample.residueCount).flatMap { residue in
      (0..<3).map { axis in
        sample.labels.atom37Positions[(residue * 37 + 1) * 3 + axis]
          + shift * Float((residue * 7 + axis) % 5)
      }
    }
    return SampleOutcome(loss: report, alphaCarbons: alphas)
  }
}

extension TrainingConfig {
  /// A short run of the stand-in on the tiny network's parameters.
  public static func standIn(steps: Int) -> TrainingConfig {
    var config = TrainingConfig.tiny
    config.run.steps = steps
    config.run.checkpointInterval = 3
    config.run.snapshotInterval = 4
    config.run.snapshots = 3
    config.validation.interval = 5
    config.data.prefetch = 3
    config.optimizer.clip = .adaGC
    config.optimizer.adaGC.warmUpSteps = 5
    config.optimizer.guarding.spikeFactor = 20
    return config
  }
}
