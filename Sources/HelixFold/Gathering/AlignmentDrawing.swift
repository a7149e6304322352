import FeaturePipeline
import Reports

extension MSAStatistics {
  /// Coverage and depth of the alignment of a target as an SVG document, as in `report.html`.
  ///
  /// - Parameter numbers: residue numbers; nil to count from 1. `[N_res]`
  public func drawing(of id: String, numbers: [Int]? = nil) -> String {
    PredictionPlot.coverage(
      depths, rows: rows, neff: isNeffOfPart ? nil : neff, title: "\(id): \(summary)",
      numbers: numbers
    ).svg(id: "coverage")
  }
}
