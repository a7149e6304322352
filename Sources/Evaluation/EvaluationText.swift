import Messages
import Reports

extension Evaluation {
  /// Means over all targets, comparisons, notes and gaps, for a terminal.
  public func text(seed: UInt64) -> String {
    var lines = [Self.row(["predictor", "of", "n"] + Metric.allCases.map(\.label))]
    let summaries = overallSummaries(seed: seed)
    for summary in summaries {
      let means = Metric.allCases.map { metric in
        summary.metrics.first { $0.metric == metric }
          .map { fixedDecimals($0.mean.value, 4) } ?? "-"
      }
      let name =
        summary.predictor + (summary.bucket == EvaluationSummary.all ? "" : ", \(summary.bucket)")
      lines.append(Self.row([name, summary.scope.rawValue, summary.countText] + means))
    }
    if summaries.contains(where: { $0.bucket == EvaluationSummary.common }) {
      lines.append(EvaluationSummary.groupNote)
    }
    for item in comparisonsOfPredictors(seed: seed, by: [.gdtTS]) {
      let interval =
        item.difference.interval.map {
          "[\(fixedDecimals($0.lowerBound, 4)), \(fixedDecimals($0.upperBound, 4))]"
        } ?? "-"
      lines.append(
        "\(item.first) - \(item.second), GDT-TS of \(item.count) \(item.scope.rawValue):"
          + " \(fixedDecimals(item.difference.value, 4)) \(interval),"
          + " Wilcoxon p \(fixedDecimals(item.test.pValue, 4))")
    }
    lines += rows.filter { $0.scope == .chains && !$0.notes.isEmpty }.map { row in
      "note: \(row.target) by \(row.predictor): \(row.notes.joined(separator: "; "))"
    }
    lines += gaps.map { gap in
      "\(gap.isFailure ? "failed" : "not scored"): \(gap.target)"
        + "\(gap.predictor.map { " by \($0)" } ?? ""): \(gap.reason)"
    }
    return lines.map(\.printable).joined(separator: "\n") + "\n"
  }

  private static func row(_ cells: [String]) -> String {
    cells.enumerated().map { index, cell in
      let padding = String(repeating: " ", count: max(0, (index == 0 ? 20 : 9) - cell.count))
      return index == 0 ? cell + padding : padding + cell
    }.joined(separator: " ")
  }
}
