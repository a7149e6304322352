import AtomicFiles
import Foundation
import Reports
import Scoring

/// The files of an evaluation: `scores.csv`, `targets.csv`, `evaluation.json`, `report.html`.
public struct EvaluationFiles: Sendable {
  private let evaluation: Evaluation
  private let seed: UInt64
  private let version: String

  /// Files of an evaluation.
  ///
  /// - Parameter seed: of the bootstrap.
  public init(_ evaluation: Evaluation, seed: UInt64, version: String) {
    self.evaluation = evaluation
    self.seed = seed
    self.version = version
  }

  /// Writes all files and returns their paths.
  public func write(to folder: String, plots: PlotFormat?) throws -> [String] {
    try AtomicFile.createFolder(folder)
    let statistics = EvaluationStatistics(evaluation, seed: seed)
    let page = EvaluationPage(evaluation, statistics, version: version)
    let texts = [
      ("scores.csv", scoresCSV), ("targets.csv", targetsCSV),
      ("evaluation.json", try json(statistics)), ("report.html", page.page.html),
    ]
    for (name, text) in texts { try AtomicFile.write(text, to: "\(folder)/\(name)") }
    var paths = texts.map { "\(folder)/\($0.0)" }
    if let plots { paths += try plots.write(page.plots, to: folder) }
    return paths
  }

  // MARK: CSV

  /// One line per predictor, target and domain.
  var scoresCSV: String {
    let head =
      "predictor,target,unit,ranges,residues,matched,coverage,lddt,lddt_ca,tm_score,gdt_ts,gdt_ha,"
      + "rmsd,rmsd95,wrong_hand,broken_bonds,clashes,model_chain,reference_chain,notes"
    let lines = evaluation.rows.map { row -> String in
      let scores = row.scores
      let numbers: [Double?] =
        [scores.coverage] + Metric.allCases.map { $0.value(scores) }
        + [scores.rmsd?.value, scores.rmsd95?.value]
      let cells =
        [row.predictor, row.target, row.unit, row.ranges ?? ""].map(Self.cell)
        + ["\(scores.referenceResidues)", "\(scores.matchedResidues)"]
        + numbers.map { $0.map { "\(($0 * 1e6).rounded() / 1e6)" } ?? "" }
        + ["\(row.wrongHand)", "\(row.brokenBonds)", "\(row.clashes)"]
        + [row.modelChain, row.referenceChain].map(Self.cell)
        + [Self.cell(row.notes.joined(separator: "; "))]
      return cells.joined(separator: ",")
    }
    return ([head] + lines).joined(separator: "\n") + "\n"
  }

  /// One line per target and predictor: scored, or why not.
  var targetsCSV: String {
    var lines = ["target,residues,msa_rows,domains,predictor,state,reason,split"]
    for target in evaluation.targets {
      let start = [
        Self.cell(target.id), target.length.map(String.init) ?? "",
        target.msaRows.map(String.init) ?? "", "\(target.domains.count)",
      ]
      for predictor in evaluation.predictors {
        let gap = evaluation.gaps.first {
          $0.target == target.id && ($0.predictor == nil || $0.predictor == predictor)
        }
        let state = gap.map { $0.isFailure ? "failed" : "not scored" } ?? "scored"
        let cells =
          start + [Self.cell(predictor), state, Self.cell(gap?.reason ?? ""), target.split ?? ""]
        lines.append(cells.joined(separator: ","))
      }
    }
    return lines.joined(separator: "\n") + "\n"
  }

  /// RFC 4180; a cell that a spreadsheet would take for a formula is prefixed with an apostrophe.
  static func cell(_ text: String) -> String {
    let safe = text.first.map { "=+-@".contains($0) } == true ? "'" + text : text
    guard safe.contains(where: { ",\"\n\r".contains($0) }) else { return safe }
    return "\"" + safe.replacingOccurrences(of: "\"", with: "\"\"") + "\""
  }

  // MARK: JSON

  /// An optional value that is written as null if missing, instead of being omitted.
  @propertyWrapper
  private struct OrNull<Value: Encodable>: Encodable {
    var wrappedValue: Value?

    init(wrappedValue: Value?) { self.wrappedValue = wrappedValue }

    func encode(to encoder: any Encoder) throws {
      var container = encoder.singleValueContainer()
      try container.encode(wrappedValue)
    }
  }

  /// Properties become keys in snake case.
  private struct Document: Encodable {
    struct Interval: Encodable {
      var value: Double
      @OrNull var low: Double?
      @OrNull var high: Double?
      var count: Int

      init(_ estimate: Estimate, _ count: Int) {
        value = estimate.value
        low = estimate.interval?.lowerBound
        high = estimate.interval?.upperBound
        self.count = count
      }
    }

    struct Row: Encodable {
      var predictor, target, unit, modelChain, referenceChain: String
      @OrNull var ranges: String?
      var residues, matched, wrongHand, brokenBonds, clashes: Int
      var scores: [String: Double?]
      var notes: [String]
    }

    struct Summary: Encodable {
      var predictor, scope, bucket: String
      var count, targets: Int
      @OrNull var available: Int?
      var mean, median: [String: Interval?]
    }

    struct Comparison: Encodable {
      var first, second, scope, metric: String
      var count: Int
      var meanDifference: Interval
      var signedRankCount: Int
      var positiveRanks, wilcoxonP: Double
    }

    struct Target: Encodable {
      var target: String
      @OrNull var residues: Int?
      @OrNull var msaRows: Int?
      var domains: Int
      @OrNull var split: String?
    }

    struct Gap: Encodable {
      var target: String
      @OrNull var predictor: String?
      var reason: String
      var isFailure: Bool
    }

    var name, version: String
    var bootstrap: [String: UInt64]
    var predictorNotes: [String: String]
    var predictorWeights: [String: PredictorWeights]
    var targets: [Target]
    var rows: [Row]
    var summaries: [Summary]
    var comparisons: [Comparison]
    var gaps: [Gap]
  }

  /// Everything as JSON with sorted keys.
  private func json(_ statistics: EvaluationStatistics) throws -> String {
    let document = Document(
      name: evaluation.name, version: version,
      bootstrap: ["seed": seed, "rounds": UInt64(Bootstrap.rounds)],
      predictorNotes: Dictionary(
        evaluation.predictorNotes.map { ($0.predictor, $0.note) },
        uniquingKeysWith: { first, _ in first }),
      predictorWeights: Dictionary(
        evaluation.predictorWeights.map { ($0.predictor, $0.weights) },
        uniquingKeysWith: { first, _ in first }),
      targets: evaluation.targets.map {
        Document.Target(
          target: $0.id, residues: $0.length, msaRows: $0.msaRows, domains: $0.domains.count,
          split: $0.split)
      },
      rows: evaluation.rows.map { row in
        var scores: [String: Double?] = [
          "coverage": row.scores.coverage, "rmsd": row.scores.rmsd?.value,
          "rmsd95": row.scores.rmsd95?.value,
        ]
        for metric in Metric.allCases { scores[metric.rawValue] = .some(metric.value(row.scores)) }
        return Document.Row(
          predictor: row.predictor, target: row.target, unit: row.unit,
          modelChain: row.modelChain, referenceChain: row.referenceChain, ranges: row.ranges,
          residues: row.scores.referenceResidues, matched: row.scores.matchedResidues,
          wrongHand: row.wrongHand, brokenBonds: row.brokenBonds, clashes: row.clashes,
          scores: scores, notes: row.notes)
      },
      summaries: statistics.summaries.map { summary in
        Document.Summary(
          predictor: summary.predictor, scope: summary.scope.rawValue, bucket: summary.bucket,
          count: summary.count, targets: summary.targets, available: summary.available,
          mean: Self.intervals(summary.metrics.map { ($0.metric, $0.mean, $0.count) }),
          median: Self.intervals(summary.metrics.map { ($0.metric, $0.median, $0.count) }))
      },
      comparisons: statistics.comparisons.map { item in
        Document.Comparison(
          first: item.first, second: item.second, scope: item.scope.rawValue,
          metric: item.metric.rawValue, count: item.count,
          meanDifference: Document.Interval(item.difference, item.count),
          signedRankCount: item.test.count,
          positiveRanks: item.test.positiveRanks, wilcoxonP: item.test.pValue)
      },
      gaps: evaluation.gaps.map {
        Document.Gap(
          target: $0.target, predictor: $0.predictor, reason: $0.reason, isFailure: $0.isFailure)
      })
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    encoder.keyEncodingStrategy = .convertToSnakeCase
    return String(decoding: try encoder.encode(document), as: UTF8.self) + "\n"
  }

  /// Intervals of all scores; nil if a score has no value.
  private static func intervals(
    _ estimates: [(metric: Metric, estimate: Estimate, count: Int)]
  ) -> [String: Document.Interval?] {
    Dictionary(
      uniqueKeysWithValues: Metric.allCases.map { metric in
        let found = estimates.first { $0.metric == metric }
        return (metric.rawValue, found.map { Document.Interval($0.estimate, $0.count) })
      })
  }
}
