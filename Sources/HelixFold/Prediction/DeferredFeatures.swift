import FeaturePipeline

/// Features of a target until its turn comes, in memory or in a spill file.
public struct DeferredFeatures: Sendable {
  /// Their sizes.
  public let counts: FeatureCounts
  private let place: Place

  private enum Place {
    case memory(RawFeatures)
    case spill(FeatureSpill, FeatureSpill.Item)
  }

  /// Features held in memory.
  public init(_ raw: RawFeatures) { (counts, place) = (raw.counts, .memory(raw)) }

  /// Whether they are held in memory.
  var isInMemory: Bool { if case .memory = place { true } else { false } }

  init(_ counts: FeatureCounts, in spill: FeatureSpill, _ item: FeatureSpill.Item) {
    (self.counts, place) = (counts, .spill(spill, item))
  }

  /// The features; throws if they lie in a file that cannot be read.
  public func load() throws -> RawFeatures {
    switch place {
    case .memory(let raw): raw
    case .spill(let spill, let item): try spill.read(item)
    }
  }
}
