import FoldingCore
import NumericArrays
import Protein

/// Atoms in the atom14 order, with their names and with symmetric names exchanged.
///
/// Suppl. Table 3.
struct AtomLabels<Real: RealNumber> {
  var positions: [Real]
  var mask: [Real]
  var alternativePositions: [Real]
  var alternativeMask: [Real]

  init(aatype: [Int], positions atom37: [Real], mask atom37Mask: [Real]) {
    let slots = Atom14.count
    positions = [Real](repeating: 0, count: aatype.count * slots * 3)
    mask = [Real](repeating: 0, count: aatype.count * slots)
    for (residue, type) in aatype.enumerated() {
      for slot in 0..<slots where Atom14.mask[type * slots + slot] != 0 {
        let from = residue * Atom37.count + Atom14.toAtom37[type * slots + slot]
        let to = residue * slots + slot
        mask[to] = atom37Mask[from]
        for axis in 0..<3 { positions[to * 3 + axis] = atom37[from * 3 + axis] * atom37Mask[from] }
      }
    }
    alternativePositions = positions
    alternativeMask = mask
    for (residue, type) in aatype.enumerated() {
      for slot in 0..<slots where Atom14.isAmbiguous[type * slots + slot] != 0 {
        let from = residue * slots + Atom14.swapped[type * slots + slot]
        let to = residue * slots + slot
        alternativeMask[to] = mask[from]
        for axis in 0..<3 { alternativePositions[to * 3 + axis] = positions[from * 3 + axis] }
      }
    }
  }
}

/// Frames of the rigid groups of the true structure.
///
/// Suppl. Table 2 and 1.8.4.
struct GroupLabels<Real: RealNumber> {
  var frames: [RigidTransform<Real>]
  var alternativeFrames: [RigidTransform<Real>]
  var mask: [Real]

  init(aatype: [Int], positions: [Real], mask atomMask: [Real]) {
    frames = []
    alternativeFrames = []
    mask = []
    for (residue, type) in aatype.enumerated() {
      for group in 0..<RigidGroups.count {
        let entry = type * RigidGroups.count + group
        let atoms = RigidGroups.baseAtom37Indices[entry * 3..<entry * 3 + 3]
          .map { residue * Atom37.count + $0 }
        var frame = RigidTransform(
          pointOnNegativeX: Vector3(positions, at: atoms[0]),
          origin: Vector3(positions, at: atoms[1]),
          pointInXYPlane: Vector3(positions, at: atoms[2]))
        if group == 0 { frame = frame.composed(with: Self.backboneTurn) }
        let known = atoms.reduce(Real(1)) { min($0, atomMask[$1]) }
        frames.append(frame)
        alternativeFrames.append(
          Self.isAmbiguous(group, type: type) ? frame.composed(with: Self.ambiguityTurn) : frame)
        mask.append(known * Real(RigidGroups.mask[entry]))
      }
    }
  }

  /// The group that carries the ambiguous atoms: the last chi group, whose angle is periodic in π.
  private static func isAmbiguous(_ group: Int, type: Int) -> Bool {
    group >= 4 && ChiAngles.periodicInPi[type * ChiAngles.count + group - 4] != 0
  }

  /// Half a turn about y: the tables of base atoms have C at negative x, the backbone frame at positive x.
  private static var backboneTurn: Matrix3<Real> {
    Matrix3(rows: Vector3(-1, 0, 0), Vector3(0, 1, 0), Vector3(0, 0, -1))
  }

  /// Half a turn about x, which exchanges the symmetric atoms.
  private static var ambiguityTurn: Matrix3<Real> {
    Matrix3(rows: Vector3(1, 0, 0), Vector3(0, -1, 0), Vector3(0, 0, -1))
  }
}
