import AtomicFiles
import FeaturePipeline
import Foundation
import Messages
import Protein
import Reports

extension PredictionFolder {
  /// The report on results.
  ///
  /// - Parameter work: predictions that are ranked but not among the results are only named.
  func report(
    of results: [ModelResult], on work: TargetWork,
    provenance: (ModelResult) -> PredictionProvenance,
    timings: [(name: String, value: Double)], reference: Structure?
  ) throws -> PredictionReport {
    let (raw, statistics) = (work.raw, work.statistics)
    let ranked = ModelResult.ranked(results)
    let checks = ranked.map { BackboneCheck($0.prediction, of: raw) }
    var report = PredictionReport(
      target: raw.id,
      entries: try zip(ranked, checks).map { result, check in
        let provenance = provenance(result)
        let prediction = result.prediction
        return PredictionReport.Entry(
          structure: try result.structure(of: raw, provenance: provenance),
          alignedError: prediction.alignedError?.values,
          maxAlignedError: prediction.maxAlignedError,
          contacts: prediction.contactProbability?.values,
          history: result.history.map { (Double($0.meanPLDDT), $0.change.map { Double($0) }) },
          provenance: provenance.facts, brokenBonds: check.broken)
      })
    report.depths = statistics.depths
    report.rows = statistics.rows
    if !statistics.isNeffOfPart { report.neff = statistics.neff }
    report.timings = timings
    let cautions =
      work.cautions + zip(ranked, checks).compactMap { $1.caution(about: $0.name) }
    report.warnings =
      Set(ranked.compactMap { provenance($0).model.note }).sorted()
      + cautions.map { $0.prefix(1).uppercased() + $0.dropFirst() }
    let shown = Set(results.map(\.name))
    let others = RankingScore.ranked(work.scores.filter { !shown.contains($0.model) })
    if !others.isEmpty {
      let names = others.map { "\($0.model) (mean pLDDT \(fixed($0.plddt, decimals: 2)))" }
      report.warnings.append(
        "Ranked too, but not shown on this page: \(names.joined(separator: ", "))")
    }
    report.reference = reference
    return report
  }

  /// Writes `report.html` and, with a reference, the scores against it.
  func write(_ report: inout PredictionReport) throws {
    if report.reference != nil {
      let scores = try report.scores()
      try keep("reference_scores.json") { try AtomicFile.write(try scores.json(), to: $0) }
    }
    try keep("report.html") { try AtomicFile.write(try report.page().html, to: $0) }
  }

  /// Writes drawings as files.
  func write(_ figures: [(name: String, figure: Figure)], as formats: [PlotFormat]) throws {
    if !isKept { return }
    for format in formats { _ = try format.write(figures, to: path) }
  }

  /// Formats in which an earlier run has written drawings.
  var plotFormats: [PlotFormat] { PlotFormat.allCases.filter { has("plot_plddt.\($0.rawValue)") } }

  /// Seconds by stage as recorded by an earlier run.
  var earlierTimings: [(name: String, value: Double)] {
    guard let data = FileManager.default.contents(atPath: file(Self.lastFile)),
      let seconds = try? JSONDecoder().decode([String: Double].self, from: data)
    else { return [] }
    return seconds.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
  }
}
