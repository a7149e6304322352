import Evaluation
import FoldingCore
import Foundation
import Messages
import NumericArrays
import TrainingData
import TrainingRun

/// Scores weights on chains of a store that they were not trained on, beside baselines that need no training.
///
/// One value per cluster, the mean of its chains, so that families with many structures do not dominate.
public struct HeldOutScores: Sendable {
  /// A column of the table.
  public enum Column: String, CaseIterable, Sendable {
    /// The given weights.
    case model
    /// The same weights without the alignment.
    case withoutAlignment = "no_msa"
    /// Initial weights.
    case untrained
    /// One α-helix of the chain's length.
    case helix
  }

  /// Scores of one chain.
  public struct Chain: Sendable {
    /// Name of the chain.
    public var id: String
    /// Name of its cluster.
    public var cluster: String
    /// Residues.
    public var residues: Int
    /// Alignment rows.
    public var rows: Int
    /// lDDT-Cα, 0 … 1.
    public var lddt: [Column: Double]
    /// Mean predicted lDDT-Cα of the model, 0 … 1.
    public var predicted: Double
  }

  /// What was scored.
  public let columns: [Column]
  /// All chains, clusters and chains sorted by name.
  public private(set) var chains: [Chain] = []
  /// Number of chains of the split that are shorter or longer than requested.
  public let leftOutCount: Int
  /// Number of chains without two known residues, which cannot be scored.
  public private(set) var unscoredCount = 0

  /// Scores the chains of a split.
  ///
  /// - Parameters:
  ///   - weights: parameters that fit the configuration's network.
  ///   - lengths: residues of a chain.
  ///   - columns: what to score; the model always is.
  ///   - memoryLimit: bytes that must not be exceeded; nil for what the machine can provide. As many chains are computed side by
  ///     side as fit.
  public init(
    weights: any ParameterSource, config: TrainingConfig, store: String, split: DataSplit,
    lengths: ClosedRange<Int>, columns: [Column] = Column.allCases, threads: Int,
    memoryLimit: Int? = nil, _ reporter: ProgressReporter
  ) throws {
    let columns = columns.contains(.model) ? columns : [.model] + columns
    self.columns = columns
    let held = try HeldOutChains(config, store: store, split: split, lengths: lengths)
    leftOutCount = held.leftOutCount
    let memory = LaneMemory.scoring(config, .init(held.entries), together: Self.group)
    let (lanes, keptBytes) = try memory.fitting(
      wanted: NetworkEngine.mostLanes(threads: threads, samples: config.run.batch),
      in: MemoryLimit(allowed: memoryLimit))
    let engine = try NetworkEngine(config, threads: threads, lanes: lanes, keptBytes: keptBytes)
    let scorer = try HeldOutScorer(weights, config: config, columns: columns, engine: engine)
    let (count, time) = (held.entries.count, RemainingTime())
    for first in stride(from: 0, to: count, by: Self.group) {
      try Interruption.check(.beginsAnew)
      let part = first..<min(first + Self.group, count)
      let scored = try scorer.score(held, part)
      chains += scored
      unscoredCount += part.count - scored.count
      let share = Double(part.upperBound) / Double(count)
      reporter.progress(
        "\(part.upperBound) of \(count) chains", share,
        remaining: time.seconds(done: share, left: 1 - share))
    }
  }

  /// Mean of a column over clusters with its 95 % bootstrap interval.
  public func mean(_ column: Column) -> Estimate? {
    estimate(of: clusters.map { $0.map { $0.lddt[column] ?? 0 } })
  }

  /// Mean over clusters of the model's gain over a column, with its 95 % bootstrap interval.
  public func gain(over column: Column) -> Estimate? {
    estimate(of: clusters.map { $0.map { ($0.lddt[.model] ?? 0) - ($0.lddt[column] ?? 0) } })
  }

  /// Pearson's r of predicted and true lDDT-Cα over chains; nil for fewer than ten chains, or if either does not vary.
  public var correlation: Double? {
    Self.correlation(chains.map(\.predicted), chains.map { $0.lddt[.model] ?? 0 })
  }

  static func correlation(_ x: [Double], _ y: [Double]) -> Double? {
    if x.count < fewestCorrelated { return nil }
    let (meanX, meanY) = (x.mean, y.mean)
    var (xy, xx, yy) = (0.0, 0.0, 0.0)
    for (a, b) in zip(x, y) {
      xy += (a - meanX) * (b - meanY)
      xx += (a - meanX) * (a - meanX)
      yy += (b - meanY) * (b - meanY)
    }
    return xx > 0 && yy > 0 ? xy / (xx * yy).squareRoot() : nil
  }

  /// Number of clusters.
  public var clusterCount: Int { clusters.count }

  /// Tab-separated values, one line per chain.
  public var table: String {
    let header =
      ["chain", "cluster", "residues", "rows"] + columns.map { "lddt_\($0.rawValue)" }
      + ["plddt"]
    let lines = chains.map { chain in
      [chain.id, chain.cluster, "\(chain.residues)", "\(chain.rows)"]
        + columns.map { fixed(chain.lddt[$0] ?? 0, decimals: 4) }
        + [fixed(chain.predicted, decimals: 4)]
    }
    return ([header] + lines).map { $0.joined(separator: "\t") }.joined(separator: "\n") + "\n"
  }

  private var clusters: [[Chain]] {
    Dictionary(grouping: chains, by: \.cluster).sorted { $0.key < $1.key }.map(\.value)
  }

  private func estimate(of clusters: [[Double]]) -> Estimate? {
    let means = clusters.map { [$0.mean] }
    return Bootstrap(groups: means.count, seed: 0).estimate(means, \.mean)
  }

  /// Fewest chains for which a correlation is meaningful.
  private static let fewestCorrelated = 10

  /// Chains scored between two progress reports.
  private static let group = 16
}
