import NumericArrays
import Scoring

/// A score that means and comparisons are made of.
public enum Metric: String, CaseIterable, Sendable {
  case lddt, lddtCA = "lddt_ca", tmScore = "tm_score", gdtTS = "gdt_ts", gdtHA = "gdt_ha"

  /// Name for people.
  public var label: String {
    switch self {
    case .lddt: "lDDT"
    case .lddtCA: "lDDT-CA"
    case .tmScore: "TM-score"
    case .gdtTS: "GDT-TS"
    case .gdtHA: "GDT-HA"
    }
  }

  /// Its value; nil for an lDDT without pairs.
  public func value(_ scores: ScoreSet) -> Double? {
    switch self {
    case .lddt: scores.lddt.score
    case .lddtCA: scores.lddtAlpha.score
    case .tmScore: scores.superposed.tmScore.value
    case .gdtTS: scores.superposed.gdtTS
    case .gdtHA: scores.superposed.gdtHA
    }
  }
}

/// Which rows a summary is about.
public enum EvaluationScope: String, CaseIterable, Sendable {
  /// Whole chains.
  case chains
  /// Domains.
  case domains
}

/// Means and medians of one predictor over a group of targets.
public struct EvaluationSummary: Sendable {
  /// Who predicted.
  public var predictor: String
  /// Chains or domains.
  public var scope: EvaluationScope
  /// Name of the group, such as `all` or `residues 100–399`.
  public var bucket: String
  /// Chains or domains in it, and targets that they belong to.
  public var count, targets: Int
  /// Mean and median of each score with intervals.
  public var metrics: [(metric: Metric, mean: Estimate, median: Estimate)]
}

/// One predictor against another on the same chains or domains.
public struct EvaluationComparison: Sendable {
  /// The predictors; differences are the first minus the second.
  public var first, second: String
  /// Chains or domains.
  public var scope: EvaluationScope
  /// The score that is compared.
  public var metric: Metric
  /// Chains or domains that both predicted.
  public var count: Int
  /// Mean difference with its paired bootstrap interval.
  public var difference: Estimate
  /// Wilcoxon's signed-rank test of one difference per target, the mean over its domains.
  public var test: SignedRankTest
}

/// What the bootstrap says of an evaluation, computed once for all files.
struct EvaluationStatistics {
  let summaries: [EvaluationSummary]
  let comparisons: [EvaluationComparison]

  init(_ evaluation: Evaluation, seed: UInt64) {
    summaries = evaluation.summaries(seed: seed)
    comparisons = evaluation.comparisonsOfPredictors(seed: seed)
  }
}

extension Evaluation {
  /// Buckets of lengths and alignment rows that HelixFold's evaluator uses, with one above.
  static let lengthBounds = [0, 100, 400, 1400, Int.max]
  static let rowBounds = [0, 100, 500, Int.max]

  /// Means and medians: all targets, then buckets by length and by rows of the alignment.
  public func summaries(seed: UInt64) -> [EvaluationSummary] {
    summaries(of: [everything] + buckets, seed: seed)
  }

  /// Means and medians of all targets alone.
  func overallSummaries(seed: UInt64) -> [EvaluationSummary] {
    summaries(of: [everything], seed: seed)
  }

  private func summaries(of groups: [Bucket], seed: UInt64) -> [EvaluationSummary] {
    EvaluationScope.allCases.flatMap { scope in
      groups.flatMap { bucket in
        predictors.compactMap { summary($0, scope, bucket.name, bucket.ids, seed: seed) }
      }
    }
  }

  /// Every pair of predictors on what both predicted.
  public func comparisonsOfPredictors(
    seed: UInt64, by metrics: [Metric] = Metric.allCases
  ) -> [EvaluationComparison] {
    predictors.indices.flatMap { a in
      predictors.indices.dropFirst(a + 1).flatMap { b in
        EvaluationScope.allCases.flatMap { scope in
          metrics.compactMap { metric in
            comparison(predictors[a], predictors[b], scope, metric, seed: seed)
          }
        }
      }
    }
  }

  /// Rows of a scope.
  func rows(_ scope: EvaluationScope, of predictor: String) -> [EvaluationRow] {
    rows.filter { $0.predictor == predictor && $0.scope == scope }
  }

  private typealias Bucket = (name: String, ids: Set<String>)

  private var everything: Bucket { ("all", Set(targets.map(\.id))) }

  private var buckets: [Bucket] {
    func group(
      _ kind: String, _ bounds: [Int], _ size: (EvaluationTarget) -> Int?
    ) -> [Bucket] {
      let ranges = zip(bounds, bounds.dropFirst()).map { low, high in
        let name = high == .max ? "\(kind) \(low) or more" : "\(kind) \(low)–\(high - 1)"
        let ids = targets.filter { size($0).map { $0 >= low && $0 < high } ?? false }.map(\.id)
        return (name, Set(ids))
      }
      return ranges + [("\(kind) unknown", Set(targets.filter { size($0) == nil }.map(\.id)))]
    }
    return group("residues", Self.lengthBounds, \.length)
      + group("alignment rows", Self.rowBounds, \.msaRows)
  }

  private func summary(
    _ predictor: String, _ scope: EvaluationScope, _ bucket: String, _ ids: Set<String>,
    seed: UInt64
  ) -> EvaluationSummary? {
    let rows = rows(scope, of: predictor).filter { ids.contains($0.target) }
    guard !rows.isEmpty else { return nil }
    let groups = Dictionary(grouping: rows, by: \.target).sorted { $0.key < $1.key }.map(\.value)
    let bootstrap = Bootstrap(groups: groups.count, seed: seed)
    let metrics = Metric.allCases.compactMap {
      metric -> (metric: Metric, mean: Estimate, median: Estimate)? in
      let values = groups.map { $0.compactMap { metric.value($0.scores) } }
      guard let mean = bootstrap.estimate(values, \.mean),
        let median = bootstrap.estimate(values, \.median)
      else { return nil }
      return (metric, mean, median)
    }
    return EvaluationSummary(
      predictor: predictor, scope: scope, bucket: bucket, count: rows.count,
      targets: groups.count, metrics: metrics)
  }

  private func comparison(
    _ first: String, _ second: String, _ scope: EvaluationScope, _ metric: Metric, seed: UInt64
  ) -> EvaluationComparison? {
    let others = Dictionary(
      rows(scope, of: second).map { ("\($0.target) \($0.unit)", $0) },
      uniquingKeysWith: { a, _ in a })
    let pairs = rows(scope, of: first).compactMap { row -> (target: String, difference: Double)? in
      guard let other = others["\(row.target) \(row.unit)"], let a = metric.value(row.scores),
        let b = metric.value(other.scores)
      else { return nil }
      return (row.target, a - b)
    }
    let groups = Dictionary(grouping: pairs, by: \.target).sorted { $0.key < $1.key }
      .map { $0.value.map(\.difference) }
    guard
      let difference = Bootstrap(groups: groups.count, seed: seed).estimate(groups, \.mean)
    else { return nil }
    return EvaluationComparison(
      first: first, second: second, scope: scope, metric: metric, count: pairs.count,
      difference: difference, test: SignedRankTest(groups.map(\.mean)))
  }
}
