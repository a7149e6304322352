import Evaluation
import FeaturePipeline
import FoldingCore
import Foundation
import NumericArrays
import Protein
import TrainingData
import TrainingRun
import Weights

/// Scores weights on chains of a store that they were not trained on, beside what needs no training at all.
///
/// One value per cluster, the mean of its chains, so that families with many structures do not decide.
public struct HeldOutScores: Sendable {
  /// What stands in a column of the table.
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

  /// Scores the chains of a split.
  ///
  /// - Parameters:
  ///   - weights: parameters that fit the configuration's network.
  ///   - lengths: residues of a chain.
  ///   - columns: what to score; the model always is.
  public init(
    weights: any ParameterSource, config: TrainingConfig, store: String, split: DataSplit,
    lengths: ClosedRange<Int>, columns: [Column] = Column.allCases, threads: Int,
    _ reporter: ProgressReporter
  ) throws {
    self.columns = columns
    var loading = LoadingConfig()
    loading.maximumResolution = nil
    let source = try SampleSource(
      store: FeatureStore(path: store), network: config.network, config: loading,
      seed: config.run.seed)
    let plan = SamplingPlan(
      source.store.entries.filter { lengths.contains($0.residues) }, split: split, config: loading,
      seed: config.run.seed)
    let entries = plan.clusters.flatMap { $0 }
    try SampleSource.requireLabels(source.store, split)
    guard !entries.isEmpty else {
      throw InputError.content(
        file: store,
        problem:
          "has no \(split.rawValue) chains of \(lengths.lowerBound) to \(lengths.upperBound) residues"
      )
    }
    let engine = try NetworkEngine(config, threads: threads, lanes: threads)
    let trained = try FlatParameters.values(of: weights, layout: config.layout)
    let initial = try FlatParameters.values(
      of: InitialParameters(config.network, seed: config.run.seed), layout: config.layout)
    let start = ContinuousClock.now
    for first in stride(from: 0, to: entries.count, by: Self.group) {
      if Interruption.isRequested { throw PredictionError.stopped(.beginsAnew) }
      let part = entries[first..<min(first + Self.group, entries.count)]
      func samples(rows: Int? = nil) throws -> [TrainingSample] {
        try part.indices.map {
          try source.held(
            entries[$0], draw: plan.draw(step: 0, sample: $0), crop: lengths.upperBound,
            recycles: config.network.recycles, rows: rows)
        }
      }
      let whole = try samples()
      try engine.load(trained)
      let model = try engine.evaluate(whole)
      let alone =
        columns.contains(.withoutAlignment) ? try engine.evaluate(try samples(rows: 1)) : []
      var untrained: [SampleOutcome] = []
      if columns.contains(.untrained) {
        try engine.load(initial)
        untrained = try engine.evaluate(whole)
      }
      for (index, entry) in part.enumerated() {
        let sample = whole[index]
        let confidence = model[index].confidence
        func score(_ column: Column) -> Double {
          switch column {
          case .model: sample.lddt(of: model[index].alphaCarbons) ?? 0
          case .withoutAlignment: sample.lddt(of: alone[index].alphaCarbons) ?? 0
          case .untrained: sample.lddt(of: untrained[index].alphaCarbons) ?? 0
          case .helix: sample.lddt(of: Self.helix(sample.residueCount)) ?? 0
          }
        }
        chains.append(
          Chain(
            id: entry.id, cluster: entry.cluster ?? entry.id, residues: entry.residues,
            rows: entry.rows,
            lddt: Dictionary(uniqueKeysWithValues: columns.map { ($0, score($0)) }),
            predicted: confidence.reduce(0) { $0 + Double($1) }
              / Double(max(1, confidence.count)) / 100))
      }
      let share = Double(part.endIndex) / Double(entries.count)
      reporter.progress(
        "\(part.endIndex) of \(entries.count) chains", share,
        remaining: (ContinuousClock.now - start).seconds * (1 - share) / share)
    }
  }

  /// Mean of a column over clusters with its 95 % bootstrap interval.
  public func mean(_ column: Column) -> Estimate? {
    estimate(of: clusters.map { $0.map { $0.lddt[column] ?? 0 } })
  }

  /// Mean over clusters of what the model gains over a column, with its 95 % bootstrap interval.
  public func gain(over column: Column) -> Estimate? {
    estimate(of: clusters.map { $0.map { ($0.lddt[.model] ?? 0) - ($0.lddt[column] ?? 0) } })
  }

  /// Pearson's r of predicted and true lDDT-Cα over chains; nil if one of them does not vary.
  public var correlation: Double? {
    let (x, y) = (chains.map(\.predicted), chains.map { $0.lddt[.model] ?? 0 })
    let count = Double(max(1, chains.count))
    let (meanX, meanY) = (x.reduce(0, +) / count, y.reduce(0, +) / count)
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
        + columns.map { String(format: "%.4f", chain.lddt[$0] ?? 0) }
        + [String(format: "%.4f", chain.predicted)]
    }
    return ([header] + lines).map { $0.joined(separator: "\t") }.joined(separator: "\n") + "\n"
  }

  private var clusters: [[Chain]] {
    Dictionary(grouping: chains, by: \.cluster).sorted { $0.key < $1.key }.map(\.value)
  }

  private func estimate(of clusters: [[Double]]) -> Estimate? {
    let means = clusters.map { [$0.reduce(0, +) / Double(max(1, $0.count))] }
    return Bootstrap(groups: means.count, seed: 0).estimate(means) {
      $0.reduce(0, +) / Double(max(1, $0.count))
    }
  }

  /// Chains scored between two reports of progress.
  private static let group = 16

  private static func helix(_ count: Int) -> [Float] {
    IdealHelix.frames(count).flatMap { frame in (0..<3).map { Float(frame.translation[$0]) } }
  }
}
