/// Widths of the input features.
///
/// Suppl. Table 1 and 1.2.9.
public enum FeatureWidths {
  /// Classes of an alignment cell: 20 residue types, X, gap, and the mask that hides a cell.
  public static let msaClasses = 23
  /// Residue types of a template: 20, X and gap.
  public static let templateTypes = 22

  /// `target_feat`: chain break, 21 residue types.
  public static let residues = 22
  /// Addition to `target_feat`: 20 residue types, X and gap; mean deletions.
  public static let profile = 23
  /// `msa_feat`: one-hot class, two deletion features, profile of the cluster, mean deletions.
  public static let msa = 2 * msaClasses + 3
  /// Extra MSA: one-hot class, two deletion features.
  public static let extraMSA = msaClasses + 2
  /// Template torsions: residue type, sines and cosines, those of the alternative naming, masks.
  public static let templateTorsions = templateTypes + 5 * TorsionAngles<Float>.count
  /// Template pair features besides the distogram: residue types of both, unit vector (3), two masks.
  public static let templatePairWithoutBins = 2 * templateTypes + 5
}
