import FeaturePipeline
import FoldingCore
import Messages

/// A store from which samples are drawn, and the plan for the draws.
public struct SampleSource: Sendable {
  /// The store.
  public let store: FeatureStore
  /// Draws for training.
  public let plan: SamplingPlan
  let network: FoldingConfig

  /// Draws from a store.
  public init(store: FeatureStore, network: FoldingConfig, config: LoadingConfig, seed: UInt64) {
    self.store = store
    self.network = network
    plan = SamplingPlan(store.entries, config: config, seed: seed)
  }

  /// Throws when the store has no chain for training, or none for validation if the run validates.
  public func requireTrainable(validates: Bool = true) throws(InputError) {
    for split in [DataSplit.training, .validation] { try Self.requireLabels(store, split) }
    for id in plan.config.exclude ?? [] where !store.entries.contains(where: { $0.id == id }) {
      throw .content(
        file: store.path, problem: "has no chain '\(id)', which 'data.exclude' names")
    }
    guard !plan.others.isEmpty else {
      throw .content(
        file: store.path,
        problem:
          "has no training chains within the limits of 'data' (\(counted(store.entries.count, "chain")) in all)"
      )
    }
    guard
      !validates || store.entries.contains(where: { $0.hasLabels && DataSplit($0) == .validation })
    else {
      throw .content(
        file: store.path,
        problem:
          "has no validation clusters; name some in the 'split' column of the table for 'dataset build --clusters', or train without validation (\"validation\": {\"interval\": 0})"
      )
    }
  }

  /// Throws if the chains of a split are all without labels; a store with no chain of the split is checked elsewhere.
  public static func requireLabels(
    _ store: FeatureStore, _ split: DataSplit
  ) throws(InputError) {
    func refuse(_ entries: [StoreEntry], _ chains: String) throws(InputError) {
      if entries.isEmpty || entries.contains(where: \.hasLabels) { return }
      throw .content(
        file: store.path,
        problem:
          "has no labels (structures) for any of its \(chains); 'dataset build' makes a store with them"
      )
    }
    try refuse(store.entries, "targets")
    try refuse(store.entries.filter { DataSplit($0) == split }, "\(split.rawValue) chains")
  }

  /// Sample `sample` of step `step`.
  public func sample(step: Int, sample: Int) throws -> TrainingSample {
    let draw = plan.draw(step: step, sample: sample)
    return try prepared(
      try store.record(of: draw.id), draw, isTraining: true,
      blockDeletion: plan.config.deletesBlocks ? BlockDeletion() : nil)
  }

  /// A sample of a record; messages name its store and target.
  private func prepared(
    _ record: TargetRecord, _ draw: SamplingPlan.Draw, isTraining: Bool,
    blockDeletion: BlockDeletion?
  ) throws(InputError) -> TrainingSample {
    do throws(InputError) {
      return try TrainingSample(
        record, draw: draw, network: network, isTraining: isTraining, blockDeletion: blockDeletion)
    } catch {
      guard case .content(let id, let problem) = error else { throw error }
      throw .content(file: store.path, problem: "'\(id)' \(problem)")
    }
  }

  /// Clusters with a validation chain of such a length within the limits of `data`.
  public func validationClusters(lengths: ClosedRange<Int>) -> [[StoreEntry]] {
    validationPlan(lengths: lengths, crop: plan.config.crop, seed: 0).clusters
  }

  private func validationPlan(lengths: ClosedRange<Int>, crop: Int, seed: UInt64) -> SamplingPlan {
    var limits = plan.config
    limits.crop = crop
    let excluded = Set(plan.config.exclude ?? [])
    let entries = store.entries.filter {
      lengths.contains($0.residues) && !excluded.contains($0.id)
    }
    return SamplingPlan(entries, split: .validation, config: limits, seed: seed)
  }

  /// The same samples every time, one per validation cluster, spread over all clusters in the order of their names.
  ///
  /// The chain with the longest alignment represents its cluster. Without block deletion and dropout.
  ///
  /// - Parameters:
  ///   - count: largest number of samples.
  ///   - lengths: residues of a whole chain; chains of other lengths are skipped.
  ///   - crop: residues of a sample; longer chains are cropped to their middle.
  public func validation(
    count: Int, lengths: ClosedRange<Int>, crop: Int, recycles: Int, seed: UInt64
  ) throws -> [TrainingSample] {
    let draws = validationPlan(lengths: lengths, crop: crop, seed: seed)
    let clusters = draws.clusters
    guard !clusters.isEmpty, count > 0 else {
      throw InputError.content(
        file: store.path,
        problem:
          "has no validation chains of \(lengths.lowerBound) to \(lengths.upperBound) residues within the limits of 'data'"
      )
    }
    let taken = min(count, clusters.count)
    return try (0..<taken).map { index in
      let members = clusters[index * clusters.count / taken]
      let entry = members.reduce(members[0]) { $1.rows > $0.rows ? $1 : $0 }
      return try held(
        entry, draw: draws.draw(step: 0, sample: index), crop: crop, recycles: recycles)
    }
  }

  /// A sample of a chain of any split for scoring: without block deletion and dropout, every error clamped.
  ///
  /// - Parameters:
  ///   - crop: residues of a sample; longer chains are cropped to their middle.
  ///   - rows: most alignment rows, the target included.
  public func held(
    _ entry: StoreEntry, draw: SamplingPlan.Draw, crop: Int, recycles: Int, rows: Int? = nil
  ) throws -> TrainingSample {
    var (draw, record) = (draw, try store.record(of: entry.id))
    draw.id = entry.id
    draw.count = min(crop, entry.residues)
    draw.start = (entry.residues - draw.count) / 2
    draw.recycles = recycles
    draw.isClamped = true
    draw.templateSeed = nil
    if let rows { record.features.keepRows(rows) }
    return try prepared(record, draw, isTraining: false, blockDeletion: nil)
  }
}
