import FeaturePipeline

/// Features of a target until its turn comes, in memory or on a shelf.
public struct WaitingFeatures: Sendable {
  /// Their sizes.
  public let counts: FeatureCounts
  private let place: Place

  private enum Place {
    case memory(RawFeatures)
    case shelf(FeatureShelf, FeatureShelf.Item)
  }

  /// Features that wait in memory.
  public init(_ raw: RawFeatures) { (counts, place) = (raw.counts, .memory(raw)) }

  init(_ counts: FeatureCounts, on shelf: FeatureShelf, _ item: FeatureShelf.Item) {
    (self.counts, place) = (counts, .shelf(shelf, item))
  }

  /// The features; throws if they lie in a file that cannot be read.
  public func load() throws -> RawFeatures {
    switch place {
    case .memory(let raw): raw
    case .shelf(let shelf, let item): try shelf.read(item)
    }
  }
}
