import FeaturePipeline
import TrainingData
import TrainingRun

/// The chains of one split of a store, and their samples for scoring.
struct HeldOutChains {
  /// The chains, clusters and chains sorted by name.
  let entries: [StoreEntry]
  /// Number of chains of the split that are shorter or longer.
  let leftOutCount: Int
  private let source: SampleSource
  private let plan: SamplingPlan
  private let crop: Int
  private let recycles: Int

  /// The chains with a number of residues in `lengths`; throws if there are none.
  init(
    _ config: TrainingConfig, store: String, split: DataSplit, lengths: ClosedRange<Int>
  ) throws {
    var loading = LoadingConfig()
    loading.maximumResolution = nil
    source = try SampleSource(
      store: FeatureStore(path: store), network: config.network, config: loading,
      seed: config.run.seed)
    plan = SamplingPlan(
      source.store.entries.filter { lengths.contains($0.residues) }, split: split, config: loading,
      seed: config.run.seed)
    entries = plan.clusters.flatMap { $0 }
    let all = SamplingPlan(
      source.store.entries, split: split, config: loading, seed: config.run.seed)
    leftOutCount = all.clusters.reduce(0) { $0 + $1.count } - entries.count
    crop = lengths.upperBound
    recycles = config.network.recycles
    try SampleSource.requireLabels(source.store, split)
    guard !entries.isEmpty else {
      throw InputError.content(
        file: store,
        problem:
          "has no \(split.rawValue) chains of \(lengths.lowerBound) to \(lengths.upperBound) residues"
      )
    }
  }

  /// Samples of the chains at those indices.
  ///
  /// - Parameter rows: most alignment rows, the target included; nil for all.
  func samples(_ places: Range<Int>, rows: Int? = nil) throws -> [TrainingSample] {
    try places.map {
      try source.held(
        entries[$0], draw: plan.draw(step: 0, sample: $0), crop: crop, recycles: recycles,
        rows: rows)
    }
  }
}
