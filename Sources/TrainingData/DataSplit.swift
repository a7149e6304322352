import AtomicFiles

/// What a cluster of chains is used for.
///
/// Unless a table of clusters says otherwise, a pure function of the cluster's name, which is its alphabetically first chain, so
/// that nobody chooses: CRC-32 (zlib) of the name mod 10; 0 = test, 1 = validation, the rest = training.
public enum DataSplit: String, Sendable, Hashable, CaseIterable, Codable {
  /// Weights are fitted to it.
  case training
  /// Checkpoints are chosen on it.
  case validation
  /// Looked at once per released model.
  case test

  /// The split of a cluster.
  public init(cluster: String) {
    switch CyclicRedundancyCheck32.zlib(cluster.utf8) % 10 {
    case 0: self = .test
    case 1: self = .validation
    default: self = .training
    }
  }
}
