import FoldingCore
import Foundation
import Training
import TrainingData
import Weights

/// Averages parameter files of one network.
public struct SnapshotAveraging: Sendable {
  /// How files are combined.
  public enum Method: String, CaseIterable, Sendable {
    /// Mean of all, or of the last `keep`.
    case uniform
    /// Mean of the last `keep` (LAWA).
    case lawa
    /// Exponential moving average, oldest first.
    case ema
    /// From the best on, each joins if the validation loss does not rise.
    case greedy
    /// Selection of `keep` learned on validation chains (SeWA).
    case sewa

    /// Whether a loss on validation chains is needed.
    public var needsObjective: Bool { self == .greedy || self == .sewa }
  }

  /// Loss and gradient of weights on fixed samples.
  public typealias Objective = ([Float]) throws -> (loss: Double, gradient: [Float])

  /// What came out.
  public struct Result: Sendable {
    /// The averaged weights.
    public var parameters: FlatParameters
    /// Their network.
    public var network: FoldingConfig
    /// Places of the files that take part, from 0.
    public var selected: [Int]
    /// Whether a file that takes part says that its parameters are random numbers.
    public var isRandom: Bool
  }

  /// How files are combined.
  public var method: Method
  /// Files that take part; nil for all, or ten with SeWA.
  public var keep: Int?
  /// Decay of the moving average per file.
  public var decay = 0.9
  /// Constants of SeWA; its number of files is `keep`.
  public var selection = SelectiveAveragingConfig()

  /// An average by a method.
  public init(_ method: Method) { self.method = method }

  /// Parameter files named by paths; a run's folder stands for its snapshots.
  public static func files(_ paths: [String]) throws -> [String] {
    try paths.flatMap { path in
      var isFolder: ObjCBool = false
      guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), isFolder.boolValue
      else { return [path] }
      let snapshots = RunFolder(path: path).snapshots
      guard !snapshots.isEmpty else {
        throw TrainingRunError.unreadable(
          file: path, reason: "holds no snapshots/step_*.h5; set run.snapshotInterval when training"
        )
      }
      return snapshots
    }
  }

  /// Reads the files, oldest first, and averages them.
  ///
  /// - Parameters:
  ///   - expected: their network; nil for that of the first.
  ///   - objective: for `greedy` and `sewa`: a pure function of the weights of that network.
  public func callAsFunction(
    _ files: [String], expecting expected: FoldingConfig? = nil, objective: Objective? = nil
  ) throws -> Result {
    guard let first = files.first else { throw WeightAveragingError.noCheckpoint }
    if let keep { try WeightAveraging.checkSelection(keep, of: files) }
    let network = try expected ?? ParameterFile(path: first).config
    let layout = ParameterLayout(network.parameterManifest.map { ($0.key, $0.shape) })
    let sources = try files.map { try ParameterFile(path: $0, expecting: network) }
    let weights = try sources.map { try FlatParameters.values(of: $0, layout: layout) }
    let (values, selected) = try average(weights, objective)
    return Result(
      parameters: FlatParameters(layout: layout, values: values), network: network,
      selected: selected, isRandom: selected.contains { sources[$0].isRandom })
  }

  private func average(
    _ weights: [[Float]], _ objective: Objective?
  ) throws -> (values: [Float], selected: [Int]) {
    let all = Array(weights.indices)
    switch method {
    case .uniform, .lawa:
      let count = keep ?? weights.count
      return (try WeightAveraging.latest(weights, count: count), all.suffix(count))
    case .ema:
      let kept = Array(all.suffix(keep ?? weights.count))
      return (try WeightAveraging.exponential(kept.map { weights[$0] }, decay: decay), kept)
    case .greedy:
      guard let objective else { throw WeightAveragingError.noCheckpoint }
      let soup = try WeightAveraging.greedySoup(weights) { try objective($0).loss }
      return (soup.weights, soup.selected)
    case .sewa:
      guard let objective else { throw WeightAveragingError.noCheckpoint }
      var config = selection
      config.keep = keep ?? min(config.keep, weights.count)
      let found = try SelectiveAveraging(config)(weights, objective: objective)
      return (found.weights, found.selected)
    }
  }

  /// Mean loss and gradient over samples, without dropout.
  public static func objective(
    _ samples: [TrainingSample], engine: any GradientEngine
  ) -> Objective {
    { weights in
      try engine.load(weights)
      var (loss, sum) = (0.0, [Float](repeating: 0, count: weights.count))
      for first in stride(from: 0, to: samples.count, by: max(1, engine.window)) {
        let group = Array(samples[first..<min(first + max(1, engine.window), samples.count)])
        try engine.differentiate(group) { _, outcome, gradient in
          loss += outcome.loss.total
          for index in sum.indices { sum[index] += gradient[index] }
        }
      }
      let share = 1 / Float(max(samples.count, 1))
      return (loss * Double(share), sum.map { $0 * share })
    }
  }
}
