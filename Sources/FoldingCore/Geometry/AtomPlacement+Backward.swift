import NumericArrays
import Protein

extension AtomPlacement {
  /// Derivative of `groupFrames` and `atom14Positions` together, residue by residue.
  ///
  /// Runs backwards through Algorithm 24 (Jumper et al. 2021, Suppl. 1.8.4): atoms hang on groups, groups on one another and on the
  /// backbone. Groups and atoms that a residue type lacks are skipped.
  ///
  /// - Parameters:
  ///   - aatype: residue types, 0 … 20. `[N_res]`
  ///   - backbone: backbone frames, Å. `[N_res]`
  ///   - torsions: sines and cosines of omega, phi, psi, chi1 … chi4. `[N_res, 7, 2]`
  ///   - frameGradients: gradient of the group frames. `[N_res, 8]`
  ///   - positionGradients: gradient of the atoms. `[N_res, 14, 3]`
  /// - Returns: gradients with respect to backbone `[N_res]` and torsions `[N_res, 7, 2]`
  public static func backward<Real: BinaryFloatingPoint & Sendable>(
    aatype: [Int], backbone: [RigidTransform<Real>], torsions: [Real],
    frameGradients: [RigidGradient<Real>], positionGradients: [Real]
  ) -> (backbone: [RigidGradient<Real>], torsions: [Real]) {
    programmingError(
      unless: backbone.count == aatype.count && torsions.count == aatype.count * 14
        && frameGradients.count == aatype.count * RigidGroups.count
        && positionGradients.count == aatype.count * Atom14.count * 3,
      "backward: gradients must be those of \(aatype.count) residues")
    var backboneGradients: [RigidGradient<Real>] = []
    var torsionGradients = [Real](repeating: 0, count: torsions.count)
    for (residue, type) in aatype.enumerated() {
      var groups = Array(
        frameGradients[residue * RigidGroups.count..<(residue + 1) * RigidGroups.count])
      addAtoms(of: residue, type, positionGradients, to: &groups)
      let chain = LocalFrames(type: type, residue: residue, torsions: torsions)
      var frame = RigidGradient<Real>.zero
      var child = RigidGradient<Real>.zero  // gradient from the next group of the chain
      for group in (0..<RigidGroups.count).reversed() {
        let (outer, inner) = backbone[residue].gradients(
          composing: chain.inBackbone[group], from: groups[group])
        frame += outer
        var local = inner
        local += child
        child = .zero
        if group > firstChi {
          (child, local) = chain.inBackbone[group - 1].gradients(
            composing: chain.inParent[group], from: local)
        }
        if group > 0 {
          let turn =
            defaultFrame(type, group).rotation.converted(to: Real.self).transposed * local.rotation
          let place = (residue * 7 + group - 1) * 2
          torsionGradients[place] = turn.row2.y - turn.row1.z
          torsionGradients[place + 1] = turn.row1.y + turn.row2.z
        }
      }
      backboneGradients.append(frame)
    }
    return (backboneGradients, torsionGradients)
  }

  /// Adds the gradients that atoms pass to the frames they are fixed in.
  private static func addAtoms<Real: BinaryFloatingPoint & Sendable>(
    of residue: Int, _ type: Int, _ gradients: [Real], to groups: inout [RigidGradient<Real>]
  ) {
    for slot in 0..<Atom14.count where Atom14.mask[type * Atom14.count + slot] > 0 {
      let entry = type * Atom14.count + slot
      let gradient = Vector3(gradients, at: residue * Atom14.count + slot)
      let local: Vector3<Real> = Vector3<Float>(RigidGroups.atom14Position, at: entry).converted()
      groups[RigidGroups.atom14Group[entry]] += RigidGradient(
        rotation: Matrix3(outer: gradient, local), translation: gradient)
    }
  }
}
