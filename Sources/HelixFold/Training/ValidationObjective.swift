import FeaturePipeline
import TrainingData
import TrainingRun

/// The loss by which averages of weights are chosen: that of a configuration's validation chains, without dropout.
public enum ValidationObjective {
  /// The objective of a method on a store.
  ///
  /// - Parameters:
  ///   - averaging: the method, choosing among `files` files.
  ///   - memoryLimit: bytes that must not be exceeded; nil for what the machine can provide. As many chains are computed side by
  ///     side as fit.
  public static func make(
    for averaging: SnapshotAveraging, among files: Int, config: TrainingConfig, store: String,
    threads: Int, memoryLimit: Int? = nil
  ) throws -> SnapshotAveraging.Objective {
    let source = try SampleSource(
      store: FeatureStore(path: store), network: config.network, config: config.data,
      seed: config.run.seed)
    let limits = config.validation
    let samples = try source.validation(
      count: limits.targets, lengths: limits.shortest...limits.longest, crop: limits.crop,
      recycles: limits.recycles, seed: config.run.seed)
    let held = source.validationClusters(lengths: limits.shortest...limits.longest)
    let memory = LaneMemory.choosing(
      config, .init(held.flatMap { $0 }), held: averaging.filesInMemory(among: files),
      differentiates: averaging.method == .sewa)
    let (lanes, keptBytes) = try memory.fitting(
      wanted: NetworkEngine.mostLanes(threads: threads, samples: config.run.batch),
      in: MemoryLimit(allowed: memoryLimit))
    return SnapshotAveraging.objective(
      samples,
      engine: try NetworkEngine(config, threads: threads, lanes: lanes, keptBytes: keptBytes))
  }
}
