import ArrayFiles
import FoldingModel
import NumericArrays
import Training

/// The true structure beside processed features.
///
/// Reads `all_atom_positions`, `all_atom_mask`, `resolution` and `use_clamped_fape` of the released code, each with the leading
/// axis of passes; all other labels follow from the coordinates.
public struct ProcessedLabels: Sendable {
  /// The structure in every form in which a loss reads it.
  public let structure: StructureLabels<Float>
  /// Share of backbone error that is clamped: 1 or 0.
  public let clampedShare: Double

  /// Reads the labels of one pass; the last one is used for all later passes.
  public init(path: String, features: ProcessedFeatures, pass: Int) throws {
    let reader = ProcessedFeatures.Reader(
      path: path, archive: try NumpyArchive(path: path), wanted: .labelled)
    let target = features.target
    let sizes = ["passes": features.passes, "N_res": target.residueCount]
    let pass = min(pass, features.passes - 1)
    func part(_ name: String, _ pattern: String) throws -> [Float] {
      let values = try reader.floats(name, "passes " + pattern, sizes).slice(pass).values
      guard values.allSatisfy({ $0.isFinite }) else {
        throw ProcessedFeatures.Failure.misshapen(
          path: path, name: name, found: "not finite everywhere", expected: "finite numbers",
          wanted: .labelled)
      }
      return values
    }
    structure = StructureLabels(
      aatype: target.aatype, residueIndex: target.residueIndex, sequenceMask: target.residueMask,
      positions: try part("all_atom_positions", "N_res 37 3"),
      mask: try part("all_atom_mask", "N_res 37"), resolution: try part("resolution", "")[0])
    clampedShare = try Double(part("use_clamped_fape", "")[0])
  }
}
