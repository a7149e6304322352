import NumericArrays
import Protein

/// From backbone frames and torsion angles to atoms.
///
/// Algorithm 24 (Jumper et al. 2021, Suppl. 1.8.4, computeAllAtomCoordinates).
public enum AtomPlacement {
  /// Global frames of the eight rigid groups of each residue (lines 1–10).
  ///
  /// Groups that a residue type lacks have a zero rotation, as in the released code.
  ///
  /// - Parameters:
  ///   - aatype: residue types, 0 … 20. `[N_res]`
  ///   - backbone: backbone frames, Å. `[N_res]`
  ///   - torsions: sines and cosines of omega, phi, psi, chi1 … chi4. `[N_res, 7, 2]`
  /// - Returns: frames in Å, group index fastest. `[N_res, 8]`
  public static func groupFrames<Real: BinaryFloatingPoint & Sendable>(
    aatype: [Int], backbone: [RigidTransform<Real>], torsions: [Real]
  ) -> [RigidTransform<Real>] {
    programmingError(
      unless: backbone.count == aatype.count && torsions.count == aatype.count * 14,
      "groupFrames: frames and torsions must be those of \(aatype.count) residues")
    var frames: [RigidTransform<Real>] = []
    frames.reserveCapacity(aatype.count * RigidGroups.count)
    for (residue, type) in aatype.enumerated() {
      let local = LocalFrames(type: type, residue: residue, torsions: torsions)
      for frame in local.inBackbone { frames.append(backbone[residue].composed(with: frame)) }
    }
    return frames
  }

  /// Atom positions in the atom14 order (line 11); 0 where the residue type has no atom.
  ///
  /// - Parameter frames: frames of the rigid groups. `[N_res, 8]`
  /// - Returns: coordinates, Å. `[N_res, 14, 3]`
  public static func atom14Positions<Real: BinaryFloatingPoint & Sendable>(
    aatype: [Int], frames: [RigidTransform<Real>]
  ) -> [Real] {
    programmingError(
      unless: frames.count == aatype.count * RigidGroups.count,
      "atom14Positions: frames must be those of \(aatype.count) residues")
    var positions = [Real](repeating: 0, count: aatype.count * Atom14.count * 3)
    for (residue, type) in aatype.enumerated() {
      for slot in 0..<Atom14.count where Atom14.mask[type * Atom14.count + slot] > 0 {
        let entry = type * Atom14.count + slot
        let frame = frames[residue * RigidGroups.count + RigidGroups.atom14Group[entry]]
        let local = Vector3<Float>(RigidGroups.atom14Position, at: entry)
        let point = frame.apply(to: local.converted())
        let place = (residue * Atom14.count + slot) * 3
        positions[place] = point.x
        positions[place + 1] = point.y
        positions[place + 2] = point.z
      }
    }
    return positions
  }

  /// The same atoms in the atom37 order; 0 where the residue type has none.
  ///
  /// - Parameter atom14: coordinates, Å. `[N_res, 14, 3]`
  /// - Returns: coordinates, Å. `[N_res, 37, 3]`
  public static func atom37Positions<Real: BinaryFloatingPoint & Sendable>(
    aatype: [Int], atom14: [Real]
  ) -> [Real] {
    var positions = [Real](repeating: 0, count: aatype.count * Atom37.count * 3)
    for (residue, type) in aatype.enumerated() {
      for slot in 0..<Atom14.count where Atom14.mask[type * Atom14.count + slot] > 0 {
        let from = (residue * Atom14.count + slot) * 3
        let to = (residue * Atom37.count + Atom14.toAtom37[type * Atom14.count + slot]) * 3
        for axis in 0..<3 { positions[to + axis] = atom14[from + axis] }
      }
    }
    return positions
  }

  /// Group of chi1; each later group is attached to the one before.
  static let firstChi = 4

  /// Frame of a group in its parent's at torsion angle 0.
  static func defaultFrame(_ type: Int, _ group: Int) -> RigidTransform<Float> {
    defaultFrames[type * RigidGroups.count + group]
  }

  private static let defaultFrames: [RigidTransform<Float>] = stride(
    from: 0, to: RigidGroups.defaultFrames.count, by: 16
  ).map { start in
    let m = RigidGroups.defaultFrames
    func row(_ k: Int) -> Vector3<Float> {
      Vector3(m[start + 4 * k], m[start + 4 * k + 1], m[start + 4 * k + 2])
    }
    return RigidTransform(
      rotation: Matrix3(rows: row(0), row(1), row(2)),
      translation: Vector3(m[start + 3], m[start + 7], m[start + 11]))
  }
}

/// Frames of the rigid groups of one residue, turned by its torsions, before the backbone moves them (lines 1–10 without it).
struct LocalFrames<Real: BinaryFloatingPoint & Sendable> {
  /// In the parent's frame: the backbone's, of chi2 … chi4 that of the group before. `[8]`
  var inParent: [RigidTransform<Real>] = []
  /// In the backbone's frame. `[8]`
  var inBackbone: [RigidTransform<Real>] = []

  init(type: Int, residue: Int, torsions: [Real]) {
    for group in 0..<RigidGroups.count {
      var frame: RigidTransform<Real> = AtomPlacement.defaultFrame(type, group).converted()
      if group > 0 {
        let torsion = (residue * 7 + group - 1) * 2
        frame = frame.composed(
          with: Matrix3(aboutXSine: torsions[torsion], cosine: torsions[torsion + 1]))
      }
      inParent.append(frame)
      // chi2 … chi4 are chained
      inBackbone.append(
        group > AtomPlacement.firstChi ? inBackbone[group - 1].composed(with: frame) : frame)
    }
  }
}
