import AtomicFiles
import FeaturePipeline
import Messages

/// What a run says about the evidence it used.
extension FoldingPipeline {
  /// Writes coverage and depth of the alignment, and says how much it holds.
  func reportAlignment(
    _ statistics: MSAStatistics, of raw: RawFeatures, _ folder: PredictionFolder
  ) throws {
    let id = raw.id
    try folder.keep("msa_coverage.svg") {
      try AtomicFile.write(statistics.drawing(of: id, numbers: raw.residueNumbers), to: $0)
    }
    reporter.note(
      "\(id)  \(statistics.summary)", event: "alignment",
      [
        ("target", .string(id)), ("rows", .integer(statistics.rows)),
        ("neff", .number(statistics.neff)),
      ])
  }

  /// One line with the time of each stage.
  func report(_ timings: [(name: String, value: Double)], of raw: RawFeatures) {
    let stages = timings.map { "\($0.name) \(fixed($0.value, decimals: 1)) s" }
    reporter.note(
      "\(raw.id)  time: \(stages.joined(separator: ", "))", event: "timings",
      [("target", .string(raw.id))] + timings.map { ($0.name, .number($0.value)) })
  }
}
