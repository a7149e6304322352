import HelixFold
import Messages
import TrainingRun
import Weights

/// Compares the folders of two training runs.
public enum RunComparison {
  /// Relative difference of all weights, and the largest relative difference of the losses of a step; for runs of the same length.
  public static func differences(_ a: String, _ b: String) throws -> (
    weights: Double, losses: Double
  ) {
    let config = try TrainingConfig.read(a + "/config.json")
    let (x, y) = (try weights(a, config), try weights(b, config))
    var (difference, norm) = (0.0, 0.0)
    for (p, q) in zip(x, y) {
      difference += Double((p - q) * (p - q))
      norm += Double(p * p)
    }
    let (one, other) = (try losses(a), try losses(b))
    guard one.count == other.count else {
      throw PredictionError.ambiguousInput(
        "\(a) has \(counted(one.count, "step")), \(b) has \(other.count); give runs of the same length"
      )
    }
    // Not with `max`, which ignores NaN.
    let loss = zip(one, other).reduce(0.0) { worst, pair in
      let change = abs(pair.0 - pair.1) / abs(pair.0)
      return change <= worst ? worst : change
    }
    return ((difference / norm).squareRoot(), loss)
  }

  private static func weights(_ folder: String, _ config: TrainingConfig) throws -> [Float] {
    try FlatParameters.values(
      of: ParameterFile(path: RunFolder(path: folder).weights, expecting: config.network),
      layout: config.layout)
  }

  private static func losses(_ folder: String) throws -> [Double] {
    try TrainingLog.read(RunFolder(path: folder).log).filter { $0.event == .step }.map(\.loss)
  }
}
