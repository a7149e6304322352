import FeaturePipeline
import NumericArrays

/// The draws for each sample: a pure function of seed, step and sample.
///
/// Clusters are drawn uniformly, then one of their chains; long chains are kept more often than short ones (Suppl. 1.2.5: with
/// probability `max(min(N_res, 512), 256) / 512`). Crops begin anywhere with the same probability; those of unclamped samples are
/// more frequent near the start of the chain (Suppl. 1.2.8).
public struct SamplingPlan: Sendable {
  /// All draws of one sample.
  public struct Draw: Sendable, Hashable {
    /// The chain.
    public var id: String
    /// First residue of the crop.
    public var start: Int
    /// Residues of the crop.
    public var count: Int
    /// Passes after the first; the same for all samples of a step.
    public var recycles: Int
    /// Whether the backbone error is clamped.
    public var isClamped: Bool
    /// Seed of the draw of templates; nil for the first ones.
    public var templateSeed: UInt64?
    /// Seed of the alignment draws.
    public var alignmentSeed: UInt64
    /// Seed of the dropout masks.
    public var dropoutSeed: UInt64
  }

  /// Chains of the training clusters, clusters and chains sorted by name; including those that the configuration excludes.
  public let clusters: [[StoreEntry]]
  /// The eligible chains, sorted by name.
  public let others: [StoreEntry]
  let config: LoadingConfig
  private let excluded: Set<String>
  private let key: RandomKey

  /// A plan for the chains of a split that pass the configuration's limits.
  public init(
    _ entries: [StoreEntry], split: DataSplit = .training, config: LoadingConfig, seed: UInt64
  ) {
    let excluded = Set(config.exclude ?? [])
    let usable = entries.filter { config.admits($0) && DataSplit($0) == split }
    let groups = Dictionary(grouping: usable) { $0.cluster ?? $0.id }
    clusters = groups.sorted { $0.key < $1.key }.map { $0.value.sorted { $0.id < $1.id } }
    others = usable.filter { !excluded.contains($0.id) }.sorted { $0.id < $1.id }
    self.config = config
    self.excluded = excluded
    key = RandomKey(seed: seed)
  }

  /// The draws for sample `sample` of step `step`; some chain must be eligible.
  public func draw(step: Int, sample: Int) -> Draw {
    let stepKey = key.child(step)
    let sampleKey = stepKey.child(1 + sample)
    let entry = chain(sampleKey.child(0))
    let count = min(config.crop, entry.residues)
    let cropKey = sampleKey.child(1)
    let isClamped = Double(cropKey.uniform(1)) >= config.unclampedShare
    var starts = entry.residues - count + 1
    if !isClamped { starts -= cropKey.integer(2, below: starts) }
    return Draw(
      id: entry.id, start: cropKey.integer(0, below: starts), count: count,
      recycles: recycles(stepKey.child(0)), isClamped: isClamped,
      templateSeed: config.drawsTemplates ? sampleKey.child(2).bits(2) : nil,
      alignmentSeed: sampleKey.child(2).bits(0), dropoutSeed: sampleKey.child(2).bits(1))
  }

  /// A chain: cluster and member are drawn until the length is accepted, which happens in at least half of the tries, and the chain
  /// is not excluded.
  private func chain(_ key: RandomKey) -> StoreEntry {
    var entry = others[0]
    for attempt in 0..<Self.attempts {
      let members = clusters[key.integer(3 * attempt, below: clusters.count)]
      let member = members[key.integer(3 * attempt + 1, below: members.count)]
      if excluded.contains(member.id) { continue }
      entry = member
      let length = max(min(entry.residues, config.longLength), config.shortLength)
      if key.uniform(3 * attempt + 2) * Float(config.longLength) < Float(length) { break }
    }
    return entry
  }

  private func recycles(_ key: RandomKey) -> Int {
    let total = config.recycleWeights.reduce(0, +)
    var rest = Double(key.uniform(0)) * total
    for (count, weight) in config.recycleWeights.enumerated() {
      if rest < weight { return count }
      rest -= weight
    }
    return config.recycleWeights.lastIndex { $0 > 0 } ?? 0
  }

  private static let attempts = 1000
}

extension LoadingConfig {
  /// Whether a chain may be drawn.
  func admits(_ entry: StoreEntry) -> Bool {
    guard entry.hasLabels, entry.residues > 0, entry.rows >= minimumRows else { return false }
    guard let limit = maximumResolution, let resolution = entry.resolution else { return true }
    return resolution <= limit
  }
}

extension DataSplit {
  /// The split of a chain: the one in the store, else that of its cluster's name; a chain without a cluster is its own.
  public init(_ entry: StoreEntry) {
    self =
      entry.split.flatMap(DataSplit.init(rawValue:))
      ?? DataSplit(cluster: entry.cluster ?? entry.id)
  }
}
