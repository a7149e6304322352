import FeaturePipeline
import TrainingData
import TrainingRun

/// The loss that averages of weights are chosen by: that of a configuration's validation chains, without dropout.
public enum ValidationObjective {
  /// The objective on a store.
  public static func make(
    config: TrainingConfig, store: String, threads: Int
  ) throws -> SnapshotAveraging.Objective {
    let source = try SampleSource(
      store: FeatureStore(path: store), network: config.network, config: config.data,
      seed: config.run.seed)
    let limits = config.validation
    let samples = try source.validation(
      count: limits.targets, lengths: limits.shortest...limits.longest, crop: limits.crop,
      recycles: limits.recycles, seed: config.run.seed)
    return SnapshotAveraging.objective(samples, engine: try NetworkEngine(config, threads: threads))
  }
}
