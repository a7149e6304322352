/// Ideal geometry of the peptide bond between two residues.
///
/// Engh & Huber 2001 (International Tables for Crystallography F, 18.3), as used by the violation loss, Suppl. 1.9.11.
public enum PeptideGeometry {
  /// Length of the C–N bond and its standard deviation in Å, second residue other than proline.
  public static let bondLength = (mean: 1.329, deviation: 0.014)
  /// Length of the C–N bond and its standard deviation in Å, second residue proline.
  public static let bondLengthProline = (mean: 1.341, deviation: 0.016)
  /// Cosine of the angle CA–C–N (116.568° ± 1.995°) and its standard deviation.
  public static let cosineCACN = (mean: -0.4473, deviation: 0.0311)
  /// Cosine of the angle C–N–CA (121.352° ± 2.315°) and its standard deviation.
  public static let cosineCNCA = (mean: -0.5203, deviation: 0.0353)

  /// Whether a C–N bond between two positions, Å, deviates by more than twelve standard deviations.
  ///
  /// The tolerance of the violation loss, Suppl. 1.9.11.
  public static func isBroken(
    _ carbon: SIMD3<Double>, _ nitrogen: SIMD3<Double>, isProlineNext: Bool
  ) -> Bool {
    let bond = nitrogen - carbon
    let length = (bond * bond).sum().squareRoot()
    let (mean, deviation) = isProlineNext ? bondLengthProline : bondLength
    return !(abs(length - mean) <= 12 * deviation)
  }
}
