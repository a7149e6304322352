import FeaturePipeline
import Reports

extension MSAStatistics {
  /// Coverage and depth of the alignment of a target as an SVG document, the drawing that `report.html` has too.
  ///
  /// - Parameter numbers: of the residues, from 1 if nothing is said. `[N_res]`
  public func drawing(of id: String, numbers: [Int]? = nil) -> String {
    PredictionPlot.coverage(
      depths, rows: rows, neff: isNeffOfPart ? nil : neff, title: "\(id): \(summary)",
      numbers: numbers
    ).svg(id: "coverage")
  }
}
