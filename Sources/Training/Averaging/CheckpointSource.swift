/// Checkpoints of one training stage, oldest first, each a flat buffer of one layout.
///
/// Averages read one at a time and release it before the next: twenty of AlphaFold2's size take 7.5 GB together.
public protocol CheckpointSource {
  /// Number of checkpoints.
  var count: Int { get }
  /// Number of parameters of each.
  var parameterCount: Int { get }
  /// The weights of one checkpoint, counted from 0; the same at every call.
  func weights(at index: Int) throws -> [Float]
}

extension [[Float]]: CheckpointSource {
  /// Number of parameters of the first.
  public var parameterCount: Int { first?.count ?? 0 }
  /// The weights at that index.
  public func weights(at index: Int) -> [Float] { self[index] }
}

extension CheckpointSource {
  /// The weights of one checkpoint, which must have the common size.
  func checkedWeights(at index: Int) throws -> [Float] {
    let weights = try weights(at: index)
    guard weights.count == parameterCount else {
      throw WeightAveragingError.size(
        checkpoint: index, found: weights.count, expected: parameterCount)
    }
    return weights
  }

  /// Indices of the last `keep` checkpoints, or of all if nil.
  func latest(_ keep: Int?) throws -> Range<Int> {
    guard count > 0 else { throw WeightAveragingError.noCheckpoint }
    if let keep { try WeightAveraging.checkSelection(keep, among: count) }
    return count - (keep ?? count)..<count
  }
}
