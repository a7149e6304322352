import Messages

/// Averages of checkpoints of one training stage, oldest first, one in memory at a time.
///
/// Layer norms need no new statistics after averaging. Checkpoints of different stages or seeds do not mix.
public enum WeightAveraging {
  /// Mean of all checkpoints (stochastic weight averaging, arXiv:1803.05407), or of the last `keep` (LAWA, arXiv:2209.14981).
  ///
  /// Reads each participating checkpoint once.
  public static func uniform(
    _ checkpoints: some CheckpointSource, last keep: Int? = nil
  ) throws -> [Float] {
    try mean(of: checkpoints, selecting: Array(checkpoints.latest(keep)))
  }

  /// Exponential moving average over the last `keep` checkpoints, or all, starting at the first of them.
  ///
  /// Reads each participating checkpoint once.
  public static func exponential(
    _ checkpoints: some CheckpointSource, last keep: Int? = nil, decay: Double
  ) throws -> [Float] {
    let places = try checkpoints.latest(keep)
    var average = try checkpoints.checkedWeights(at: places.lowerBound)
    let weight = Float(1 - decay)
    for place in places.dropFirst() {
      let checkpoint = try checkpoints.checkedWeights(at: place)
      for k in average.indices { average[k] += weight * (checkpoint[k] - average[k]) }
    }
    return average
  }

  /// Greedy soup (arXiv:2203.05482): from the best checkpoint on, each joins the mean if the loss does not rise.
  ///
  /// Reads each checkpoint once for its loss, and all members of each mean that is tried: sums are in index order, so none can be
  /// continued. Reading them again takes little time compared with the loss.
  ///
  /// - Parameter loss: on held-out data; a pure function of the weights.
  /// - Returns: the mean, the checkpoints in it, its loss, and the loss of each checkpoint alone, not finite where its weights or
  ///   its loss are not.
  public static func greedySoup(
    _ checkpoints: some CheckpointSource, loss: ([Float]) throws -> Double
  ) throws -> (weights: [Float], selected: [Int], loss: Double, losses: [Double]) {
    let losses = try losses(of: checkpoints, loss)
    let order = losses.indices.filter { losses[$0].isFinite }.sorted {
      (losses[$0], $0) < (losses[$1], $1)
    }
    guard let best = order.first else { throw WeightAveragingError.noFiniteCheckpoint }
    var weights = try checkpoints.checkedWeights(at: best)
    var (selected, current) = ([best], losses[best])
    for candidate in order.dropFirst() {
      let tried = try mean(of: checkpoints, selecting: selected + [candidate])
      let value = try loss(tried)
      if value <= current { (weights, current) = (tried, value); selected.append(candidate) }
    }
    return (weights, selected.sorted(), current, losses)
  }

  /// Loss of each checkpoint alone; infinite, without evaluation, if a weight is not finite.
  static func losses(
    of checkpoints: some CheckpointSource, _ loss: ([Float]) throws -> Double
  ) throws -> [Double] {
    try checkpoints.latest(nil).map { place in
      let checkpoint = try checkpoints.checkedWeights(at: place)
      return checkpoint.allSatisfy(\.isFinite) ? try loss(checkpoint) : .infinity
    }
  }

  /// Mean of some checkpoints: sums in index order, in `Float`.
  static func mean(
    of checkpoints: some CheckpointSource, selecting selected: [Int]
  ) throws -> [Float] {
    var sum = [Float](repeating: 0, count: checkpoints.parameterCount)
    for index in selected.sorted() {
      addScaled(try checkpoints.checkedWeights(at: index), by: 1, to: &sum)
    }
    let share = 1 / Float(max(selected.count, 1))
    for k in sum.indices { sum[k] *= share }
    return sum
  }

  /// Throws unless `count` checkpoints can be chosen.
  public static func checkSelection(_ count: Int, among available: Int) throws {
    guard (1...max(available, 1)).contains(count) else {
      throw WeightAveragingError.selection(count: count, available: available)
    }
  }
}

/// `sum += factor · values`.
func addScaled(_ values: [Float], by factor: Float, to sum: inout [Float]) {
  sum.withUnsafeMutableBufferPointer { sum in
    values.withUnsafeBufferPointer { values in
      for k in 0..<sum.count { sum[k] += factor * values[k] }
    }
  }
}

/// Why checkpoints cannot be averaged.
public enum WeightAveragingError: Error, Hashable, CustomStringConvertible, ExitStatusError {
  /// There is no checkpoint.
  case noCheckpoint
  /// A method that selects by loss was given no loss.
  case noObjective(method: String)
  /// No checkpoint has finite weights and a finite loss.
  case noFiniteCheckpoint
  /// A checkpoint differs in size from the first.
  case size(checkpoint: Int, found: Int, expected: Int)
  /// A file of a plain mean holds a value that is not finite.
  case notFinite(file: String, tensor: String)
  /// More checkpoints were requested than there are, or none.
  case selection(count: Int, available: Int)

  /// One line: what was found, expected, and what to try.
  public var description: String {
    switch self {
    case .noCheckpoint:
      "average: no checkpoint was given; name at least one"
    case .noObjective(let method):
      "average: \(method) chooses by a loss, and none was given; give validation chains with --config and --data"
    case .noFiniteCheckpoint:
      "average: no checkpoint has finite weights and a finite loss; use earlier ones"
    case .size(let checkpoint, let found, let expected):
      "average: checkpoint \(checkpoint + 1) has \(found) parameters, the first \(expected); all must be of one model"
    case .notFinite(let file, let tensor):
      "\(file): '\(tensor)' holds a value that is not finite; leave this file out, or choose by the loss (greedy or sewa)"
    case .selection(let count, let available):
      "average: \(count) checkpoints were asked for, \(available) are there; choose 1 to \(available)"
    }
  }

  /// The status for the shell.
  public var exitStatus: ExitStatus { .badInput }
}
