/// Checkpoints of one training stage, oldest first, each a flat buffer of one layout.
///
/// Averages ask for one at a time and let go of it before the next: twenty of AlphaFold2's size take 7.5 GB together.
public protocol CheckpointSource {
  /// How many there are.
  var count: Int { get }
  /// Parameters of each.
  var parameterCount: Int { get }
  /// The weights of one, from 0; the same whenever they are asked for.
  func weights(at index: Int) throws -> [Float]
}

extension [[Float]]: CheckpointSource {
  /// Parameters of the first.
  public var parameterCount: Int { first?.count ?? 0 }
  /// The weights at that place.
  public func weights(at index: Int) -> [Float] { self[index] }
}

extension CheckpointSource {
  /// The weights of one, which must have the size of all.
  func checkedWeights(at index: Int) throws -> [Float] {
    let weights = try weights(at: index)
    guard weights.count == parameterCount else {
      throw WeightAveragingError.size(
        checkpoint: index, found: weights.count, expected: parameterCount)
    }
    return weights
  }

  /// Places of the last ones, of all with nil.
  func latest(_ keep: Int?) throws -> Range<Int> {
    guard count > 0 else { throw WeightAveragingError.noCheckpoint }
    if let keep { try WeightAveraging.checkSelection(keep, among: count) }
    return count - (keep ?? count)..<count
  }
}
