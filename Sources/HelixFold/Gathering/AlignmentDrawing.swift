import FeaturePipeline
import Reports

extension MSAStatistics {
  /// Coverage and depth of the alignment of a target as an SVG document, the drawing that `report.html` has too.
  public func drawing(of id: String) -> String {
    PredictionPlot.coverage(
      depths, rows: rows, neff: isNeffOfPart ? nil : neff, title: "\(id): \(summary)"
    ).svg(id: "coverage")
  }
}
