import Reports
import Scoring

/// The page of an evaluation.
struct EvaluationPage {
  private let evaluation: Evaluation
  private let summaries: [EvaluationSummary]
  private let comparisons: [EvaluationComparison]
  private let version: String

  init(_ evaluation: Evaluation, _ statistics: EvaluationStatistics, version: String) {
    self.evaluation = evaluation
    self.version = version
    summaries = statistics.summaries
    comparisons = statistics.comparisons
  }

  /// Residues of all structures on the page together, about 3 MB.
  private static let residueLimit = 50_000

  var page: ReportPage {
    let scored = Set(evaluation.rows.map(\.target)).count
    let (scenes, left) = scenes
    let shown =
      evaluation.predictors.first.flatMap { name in
        scenes.isEmpty ? nil : ". Structures are those of \(name) on their natives, by lDDT"
      } ?? ""
    var page = ReportPage(
      title: evaluation.name,
      lead: "\(scored) of \(evaluation.targets.count) targets scored, predictors: "
        + evaluation.predictors.joined(separator: ", ") + shown,
      footer: "helixfold \(version). This file needs no network.")
    page.warnings =
      evaluation.cautions + evaluation.predictorNotes.map { "\($0.predictor): \($0.note)" }
    let failures = evaluation.gaps.filter(\.isFailure).count
    if failures > 0 {
      page.warnings.append("\(failures) predictions or natives failed; see below.")
    }
    page.figures = headline
    page.scenes = scenes
    if left > 0 {
      page.warnings.append(
        "The page shows \(scenes.count) structures; \(left) more would make it too large.")
    }
    page.sections = [.plots(plots.map(\.figure))]
    if let table = weightsTable { page.sections.append(.table(table)) }
    page.sections += EvaluationScope.allCases.compactMap { summaryTable($0).map { .table($0) } }
    if let table = comparisonTable { page.sections.append(.table(table)) }
    page.sections.append(.table(scoreTable))
    if let table = noteTable { page.sections.append(.table(table)) }
    if let table = gapTable { page.sections.append(.table(table)) }
    return page
  }

  /// Drawings with names for files.
  var plots: [(name: String, figure: Figure)] {
    var plots = [("means", meanPlot(.chains))]
    if evaluation.rows.contains(where: { $0.scope == .domains }) {
      plots.append(("means-domains", meanPlot(.domains)))
    }
    plots.append(("length", lengthPlot))
    if evaluation.predictors.count == 2 { plots.append(("pairs", pairPlot)) }
    return plots
  }

  // MARK: Drawings

  private func meanPlot(_ scope: EvaluationScope) -> Figure {
    let own = summaries.filter { $0.scope == scope }
    let common = own.filter { $0.bucket == EvaluationSummary.common }
    let all = common.isEmpty ? own.filter { $0.bucket == EvaluationSummary.all } : common
    return Plot.bars(
      title: (scope == .chains ? "Mean scores of whole chains" : "Mean scores of domains")
        + (common.isEmpty ? "" : " that all predictors have"),
      summary: all.map { summary in
        "\(summary.predictor), \(summary.count): "
          + summary.metrics.map { "\($0.metric.label) \(Self.text($0.mean.value))" }
          .joined(separator: ", ")
      }.joined(separator: ". ") + ". Lines are 95 % bootstrap intervals.",
      x: "", y: "mean", groups: Metric.allCases.map(\.label),
      all.map { summary in
        (
          summary.predictor,
          Metric.allCases.map { metric in
            guard let found = summary.metrics.first(where: { $0.metric == metric }) else {
              return Plot.Bar(.nan)
            }
            return Plot.Bar(found.mean.value, interval: found.mean.interval)
          }
        )
      }, range: 0...1)
  }

  private var lengthPlot: Figure {
    let groups = evaluation.predictors.map { predictor in
      (
        name: predictor,
        dots: evaluation.rows(.chains, of: predictor).compactMap { row in
          row.scores.lddtAlpha.score.map {
            (place: Point(Double(row.scores.referenceResidues), $0), name: row.target)
          }
        }
      )
    }
    return Plot.scatter(
      title: "lDDT-CA by length",
      summary:
        "One dot per chain and predictor, \(groups.reduce(0) { $0 + $1.dots.count }) in all.",
      x: "residues of the native", y: "lDDT-CA", groups, range: 0...1)
  }

  private var pairPlot: Figure {
    let names = evaluation.predictors
    let second = Dictionary(
      evaluation.rows(.chains, of: names[1]).map { ($0.target, $0) },
      uniquingKeysWith: { a, _ in a })
    let dots = evaluation.rows(.chains, of: names[0]).compactMap { row in
      second[row.target].map {
        (
          place: Point(row.scores.superposed.gdtTS, $0.scores.superposed.gdtTS), name: row.target
        )
      }
    }
    let better = dots.filter { $0.place.x > $0.place.y }.count
    return Plot.scatter(
      title: "GDT-TS of both predictors",
      summary:
        "\(names[0]) is better on \(better) of \(dots.count) chains; they lie below the line.",
      x: names[0], y: names[1], [(name: "chains", dots: dots)], isSquare: true, range: 0...1)
  }

  private var scenes: (shown: [StructureScene], left: Int) {
    var budget = Self.residueLimit
    let shown = evaluation.comparisons.prefix { comparison in
      budget -= comparison.report.modelResidues.count + comparison.report.whole.referenceResidues
      return budget >= 0
    }
    return (
      shown.map {
        StructureScene(
          name: "\($0.target) by \(evaluation.predictors.first ?? "")", $0.report, confidence: false
        )
      },
      evaluation.comparisons.count - shown.count
    )
  }

  // MARK: Tables

  private var headline: [(value: String, name: String)] {
    let scope: EvaluationScope =
      summaries.contains { $0.scope == .domains } ? .domains : .chains
    guard
      let shown = summaries.first(where: {
        $0.bucket == EvaluationSummary.all && $0.scope == scope
      })
    else { return [] }
    let owner = evaluation.predictors.count > 1 ? " of \(shown.predictor)" : ""
    return [(shown.countText, scope.rawValue + owner)]
      + shown.metrics.map { (Self.text($0.mean.value), "mean \($0.metric.label)\(owner)") }
  }

  private var weightsTable: ReportPage.Table? {
    if evaluation.predictorWeights.isEmpty { return nil }
    return .init(
      title: "Weights", head: ["predictor", "file", "checksum"],
      rows: evaluation.predictorWeights.map { predictor, weights in
        [predictor, weights.file, weights.checksum]
      })
  }

  private func summaryTable(_ scope: EvaluationScope) -> ReportPage.Table? {
    let rows = summaries.filter { $0.scope == scope }.map { summary in
      [summary.bucket, summary.predictor, summary.countText]
        + Metric.allCases.flatMap { metric -> [String] in
          guard let found = summary.metrics.first(where: { $0.metric == metric }) else {
            return ["–", "–"]
          }
          return [Self.text(found.mean), Self.text(found.median.value)]
        }
    }
    guard !rows.isEmpty else { return nil }
    return .init(
      title: scope == .chains ? "Whole chains" : "Domains",
      head: ["group", "predictor", "n"]
        + Metric.allCases.flatMap { ["mean \($0.label)", "median"] },
      rows: rows,
      note: "\(EvaluationSummary.groupNote) In brackets: 95 % percentile intervals of"
        + " \(Bootstrap.rounds) bootstrap samples of targets; none of fewer than"
        + " \(Bootstrap.leastTargets) targets."
    )
  }

  private var comparisonTable: ReportPage.Table? {
    guard !comparisons.isEmpty else { return nil }
    return .init(
      title: "Predictors in pairs",
      head: ["first − second", "scope", "score", "n", "mean difference", "Wilcoxon p"],
      rows: comparisons.map { item in
        [
          "\(item.first) − \(item.second)", item.scope.rawValue, item.metric.label,
          "\(item.count)", Self.text(item.difference), Self.text(item.test.pValue, 4),
        ]
      },
      note:
        "Differences on what both predicted, with paired bootstrap intervals. The test is Wilcoxon's signed-rank"
        + " test, two-sided, of one mean difference per target; p is not corrected for the number of rows."
    )
  }

  private var scoreTable: ReportPage.Table {
    .init(
      title: "Every chain and domain",
      head: ["target", "part", "predictor", "residues", "matched"]
        + Metric.allCases.map(\.label) + ["RMSD95, Å"],
      rows: evaluation.rows.map { row in
        [
          row.target, row.ranges.map { "\(row.unit) (\($0))" } ?? row.unit, row.predictor,
          "\(row.scores.referenceResidues)", "\(row.scores.matchedResidues)",
        ] + Metric.allCases.map { $0.value(row.scores).map { Self.text($0) } ?? "–" }
          + [row.scores.rmsd95.map { Self.text($0.value, 2) } ?? "–"]
      })
  }

  private var noteTable: ReportPage.Table? {
    let rows = evaluation.rows.filter { $0.scope == .chains && !$0.notes.isEmpty }
    guard !rows.isEmpty else { return nil }
    return .init(
      title: "Notes", head: ["target", "predictor", "note"],
      rows: rows.flatMap { row in row.notes.map { [row.target, row.predictor, $0] } })
  }

  private var gapTable: ReportPage.Table? {
    guard !evaluation.gaps.isEmpty else { return nil }
    return .init(
      title: "Not scored", head: ["target", "predictor", "reason"],
      rows: evaluation.gaps.map { [$0.target, $0.predictor ?? "all", $0.reason] })
  }

  /// The value, and its interval below.
  private static func text(_ estimate: Estimate) -> String {
    let interval = estimate.interval.map { "\n[\(text($0.lowerBound)), \(text($0.upperBound))]" }
    return text(estimate.value) + (interval ?? "")
  }

  private static func text(_ value: Double, _ decimals: Int = 3) -> String {
    fixedDecimals(value, decimals)
  }
}
