import NumericArrays
import Scoring

/// A score that is averaged and compared.
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

/// Which rows a summary covers.
public enum EvaluationScope: String, CaseIterable, Sendable {
  /// Whole chains.
  case chains
  /// Domains.
  case domains
}

/// Means and medians of one predictor over a group of targets.
public struct EvaluationSummary: Sendable {
  /// The predictor.
  public var predictor: String
  /// Chains or domains.
  public var scope: EvaluationScope
  /// Name of the group, such as `all` or `residues 100–399`.
  public var bucket: String
  /// Chains or domains in it, and targets that they belong to.
  public var count, targets: Int
  /// Number of chains or domains that the predictor could have, for the group of all; nil for other groups.
  public var available: Int?
  /// Mean and median of each score with intervals, and the number of values behind them.
  public var metrics: [(metric: Metric, count: Int, mean: Estimate, median: Estimate)]

  /// Group of everything that a predictor has.
  static let all = "all"
  /// Group of what all predictors have in common.
  static let common = "common"
  /// Explanation of the two groups, for people.
  static let groupNote =
    "Means of a predictor are over what it has; 'common' is what all predictors have."

  /// The count, as `7 of 10` if the predictor lacks some.
  var countText: String {
    guard let available, available > count else { return "\(count)" }
    return "\(count) of \(available)"
  }
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

/// Bootstrap results for an evaluation, computed once for all files.
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

  /// Means and medians: all, what all predictors have if they differ in it, buckets by length and rows of the alignment.
  public func summaries(seed: UInt64) -> [EvaluationSummary] {
    EvaluationScope.allCases.flatMap { scope in
      summaries(of: overall(scope) + buckets, scope, seed: seed)
    }
  }

  /// Means and medians without buckets.
  func overallSummaries(seed: UInt64) -> [EvaluationSummary] {
    EvaluationScope.allCases.flatMap { summaries(of: overall($0), $0, seed: seed) }
  }

  private func summaries(
    of groups: [Bucket], _ scope: EvaluationScope, seed: UInt64
  ) -> [EvaluationSummary] {
    groups.flatMap { bucket in
      predictors.compactMap { summary($0, scope, bucket, seed: seed) }
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

  private typealias Bucket = (name: String, contains: (EvaluationRow) -> Bool)

  /// All rows and, if predictors differ, those of chains or domains that all of them have.
  private func overall(_ scope: EvaluationScope) -> [Bucket] {
    let all: Bucket = (EvaluationSummary.all, { _ in true })
    let parts = predictors.map { Set(rows(scope, of: $0).map(\.part)) }
    guard let first = parts.first, parts.contains(where: { $0 != first }) else { return [all] }
    let shared = parts.reduce(first) { $0.intersection($1) }
    return [all, (EvaluationSummary.common, { shared.contains($0.part) })]
  }

  /// Groups by length, that of a target or of a domain, and by rows of the target's alignment.
  private var buckets: [Bucket] {
    let known = Dictionary(targets.map { ($0.id, $0) }, uniquingKeysWith: { a, _ in a })
    func group(
      _ kind: String, _ bounds: [Int], _ size: @escaping (EvaluationRow) -> Int?
    ) -> [Bucket] {
      let ranges = zip(bounds, bounds.dropFirst()).map { low, high -> Bucket in
        let name = high == .max ? "\(kind) \(low) or more" : "\(kind) \(low)–\(high - 1)"
        return (name, { size($0).map { $0 >= low && $0 < high } ?? false })
      }
      return ranges + [("\(kind) unknown", { size($0) == nil })]
    }
    return group("residues", Self.lengthBounds) { row in
      row.scope == .chains ? known[row.target]?.length : row.scores.referenceResidues
    } + group("alignment rows", Self.rowBounds) { known[$0.target]?.msaRows }
  }

  /// Chains or domains that a predictor could have: those that any predictor has and, for targets with a usable native that none
  /// predicted, those listed.
  private func available(_ scope: EvaluationScope) -> Int {
    let unusable = Set(gaps.filter { $0.predictor == nil }.map(\.target))
    let scored = Set(rows.map(\.target))
    let parts = Set(predictors.flatMap { rows(scope, of: $0).map(\.part) })
    return targets.filter { !unusable.contains($0.id) && !scored.contains($0.id) }
      .reduce(parts.count) { $0 + (scope == .chains ? 1 : $1.domains.count) }
  }

  private func summary(
    _ predictor: String, _ scope: EvaluationScope, _ bucket: Bucket, seed: UInt64
  ) -> EvaluationSummary? {
    let rows = rows(scope, of: predictor).filter(bucket.contains)
    guard !rows.isEmpty else { return nil }
    let groups = Dictionary(grouping: rows, by: \.target).sorted { $0.key < $1.key }.map(\.value)
    let bootstrap = Bootstrap(
      groups: groups.count, seed: seed, leastGroups: Bootstrap.leastTargets)
    let metrics = Metric.allCases.compactMap {
      metric -> (metric: Metric, count: Int, mean: Estimate, median: Estimate)? in
      let values = groups.map { $0.compactMap { metric.value($0.scores) } }
      guard let mean = bootstrap.estimate(values, \.mean),
        let median = bootstrap.estimate(values, \.median)
      else { return nil }
      return (metric, values.reduce(0) { $0 + $1.count }, mean, median)
    }
    return EvaluationSummary(
      predictor: predictor, scope: scope, bucket: bucket.name, count: rows.count,
      targets: groups.count,
      available: bucket.name == EvaluationSummary.all ? available(scope) : nil, metrics: metrics)
  }

  private func comparison(
    _ first: String, _ second: String, _ scope: EvaluationScope, _ metric: Metric, seed: UInt64
  ) -> EvaluationComparison? {
    let others = Dictionary(
      rows(scope, of: second).map { ($0.part, $0) },
      uniquingKeysWith: { a, _ in a })
    let pairs = rows(scope, of: first).compactMap { row -> (target: String, difference: Double)? in
      guard let other = others[row.part], let a = metric.value(row.scores),
        let b = metric.value(other.scores)
      else { return nil }
      return (row.target, a - b)
    }
    let groups = Dictionary(grouping: pairs, by: \.target).sorted { $0.key < $1.key }
      .map { $0.value.map(\.difference) }
    guard
      let difference = Bootstrap(
        groups: groups.count, seed: seed, leastGroups: Bootstrap.leastTargets
      ).estimate(groups, \.mean)
    else { return nil }
    return EvaluationComparison(
      first: first, second: second, scope: scope, metric: metric, count: pairs.count,
      difference: difference, test: SignedRankTest(groups.map(\.mean)))
  }
}

extension EvaluationRow {
  /// Identifies a chain or domain within a set.
  fileprivate var part: [String] { [target, unit] }
}
