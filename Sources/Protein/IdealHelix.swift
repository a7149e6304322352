/// A right-handed α-helix of ideal residues: φ −57°, ψ −47°, ω 180°.
public enum IdealHelix {
  /// The torsions of every residue.
  public static let torsions = BackboneTorsions(
    omega: .pi, phi: -57 * .pi / 180, psi: -47 * .pi / 180)

  /// Frames of backbone atoms (CA at the origin, C on x, N in the xy plane): quaternion, and translation in Å.
  public static func frames(_ count: Int) -> [BackboneChain.Frame] {
    BackboneChain.frames(Array(repeating: torsions, count: max(0, count)))
  }
}
