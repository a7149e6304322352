import AtomicFiles
import FeaturePipeline
import Reports

extension PredictionFolder {
  /// Writes `report.html` and, if asked for, its drawings.
  func writeReport(
    _ results: [ModelResult], of raw: RawFeatures, _ statistics: MSAStatistics,
    provenance: (ModelResult) -> PredictionProvenance, timings: [(name: String, value: Double)],
    options: PredictionOptions
  ) throws {
    let ranked = ModelResult.ranked(results)
    var report = PredictionReport(
      target: raw.id,
      entries: try ranked.map { result in
        let provenance = provenance(result)
        let prediction = result.prediction
        return PredictionReport.Entry(
          structure: try result.structure(of: raw, provenance: provenance),
          alignedError: prediction.alignedError?.values,
          maxAlignedError: prediction.maxAlignedError,
          contacts: prediction.contactProbability?.values,
          history: result.history.map { (Double($0.meanPLDDT), $0.change.map { Double($0) }) },
          provenance: provenance.facts)
      })
    report.depths = statistics.depths
    report.rows = statistics.rows
    if !statistics.isNeffOfPart { report.neff = statistics.neff }
    report.timings = timings
    report.warnings = Set(ranked.compactMap { provenance($0).model.note }).sorted()
    report.reference = options.reference
    try keep("report.html") { try AtomicFile.write(try report.page().html, to: $0) }
    if isKept, let plots = options.plots { _ = try plots.write(report.figures(), to: path) }
  }
}
