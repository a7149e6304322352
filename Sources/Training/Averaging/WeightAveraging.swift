import Messages

/// Averages of checkpoints of one training stage; each checkpoint is a flat buffer, oldest first.
///
/// Layer norms need no new statistics after averaging. Checkpoints of different stages or seeds do not mix.
public enum WeightAveraging {
  /// Mean of all checkpoints (stochastic weight averaging, arXiv:1803.05407).
  public static func uniform(_ checkpoints: [[Float]]) throws -> [Float] {
    try mean(of: checkpoints, selecting: Array(checkpoints.indices))
  }

  /// Mean of the last `count` checkpoints (LAWA, arXiv:2209.14981).
  public static func latest(_ checkpoints: [[Float]], count: Int) throws -> [Float] {
    try checkSelection(count, of: checkpoints)
    return try mean(of: checkpoints, selecting: Array(checkpoints.indices.suffix(count)))
  }

  /// Exponential moving average over the checkpoints, starting at the first.
  public static func exponential(_ checkpoints: [[Float]], decay: Double) throws -> [Float] {
    try check(checkpoints)
    var average = checkpoints[0]
    let weight = Float(1 - decay)
    for checkpoint in checkpoints.dropFirst() {
      for k in average.indices { average[k] += weight * (checkpoint[k] - average[k]) }
    }
    return average
  }

  /// Greedy soup (arXiv:2203.05482): from the best checkpoint on, each joins the mean if the loss does not rise.
  ///
  /// - Parameter loss: on held-out data; a pure function of the weights.
  /// - Returns: the mean, the checkpoints in it, and its loss.
  public static func greedySoup(
    _ checkpoints: [[Float]], loss: ([Float]) throws -> Double
  ) throws -> (weights: [Float], selected: [Int], loss: Double) {
    try check(checkpoints)
    let losses = try checkpoints.map { $0.allSatisfy(\.isFinite) ? try loss($0) : .infinity }
    let order = checkpoints.indices.filter { losses[$0].isFinite }
      .sorted { (losses[$0], $0) < (losses[$1], $1) }
    guard let best = order.first else { throw WeightAveragingError.noFiniteCheckpoint }
    var (weights, selected, current) = (checkpoints[best], [best], losses[best])
    for candidate in order.dropFirst() {
      let tried = try mean(of: checkpoints, selecting: selected + [candidate])
      let value = try loss(tried)
      if value <= current { (weights, current) = (tried, value); selected.append(candidate) }
    }
    return (weights, selected.sorted(), current)
  }

  /// Mean of some checkpoints: sums in index order, in `Float`.
  static func mean(of checkpoints: [[Float]], selecting selected: [Int]) throws -> [Float] {
    try check(checkpoints)
    var sum = [Float](repeating: 0, count: checkpoints[0].count)
    for index in selected.sorted() { addScaled(checkpoints[index], by: 1, to: &sum) }
    let share = 1 / Float(max(selected.count, 1))
    for k in sum.indices { sum[k] *= share }
    return sum
  }

  static func check(_ checkpoints: [[Float]]) throws {
    guard let first = checkpoints.first else { throw WeightAveragingError.noCheckpoint }
    for (index, checkpoint) in checkpoints.enumerated() where checkpoint.count != first.count {
      throw WeightAveragingError.size(
        checkpoint: index, found: checkpoint.count, expected: first.count)
    }
  }

  /// Throws unless that many checkpoints can be chosen.
  public static func checkSelection(_ count: Int, of checkpoints: [some Any]) throws {
    guard (1...max(checkpoints.count, 1)).contains(count) else {
      throw WeightAveragingError.selection(count: count, available: checkpoints.count)
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
  /// There is none.
  case noCheckpoint
  /// A method that chooses by the loss was given none.
  case noObjective(method: String)
  /// None has finite weights and a finite loss.
  case noFiniteCheckpoint
  /// One has another size than the first.
  case size(checkpoint: Int, found: Int, expected: Int)
  /// A file that takes part in a plain mean holds a value that is not finite.
  case notFinite(file: String, tensor: String)
  /// More were asked for than there are, or none.
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
