import NumericArrays
import Protein

/// The seven torsion angles of each residue as sines and cosines: omega, phi, psi, chi1 … chi4.
///
/// Suppl. Table 2 and 1.2.9 (`template_torsion_angles`) of Jumper et al. 2021. Omega is the one *before* the residue,
/// about the bond from the previous C to this N.
///
/// As in the released code a masked angle is computed with the missing atoms at the origin, and templates feed it to the network
/// although its mask is 0.
///
/// - Departure: a masked omega is exactly (0, 0). Where CA and C before it are both missing, its axis has both ends at the origin, and
///   the released code leaves normalised rounding noise there; where one of them is known, it has an angle.
public struct TorsionAngles<Real: BinaryFloatingPoint & Sendable>: Hashable, Sendable {
  /// Sine and cosine of each angle. `[N_res, 7, 2]`
  public var sineCosine: [Real]
  /// The same with half a turn added where atom names are ambiguous. `[N_res, 7, 2]`
  public var alternative: [Real]
  /// 1 where all four atoms are known. `[N_res, 7]`
  public var mask: [Real]

  /// Angles per residue.
  public static var count: Int { 7 }

  /// Angles of a structure in the atom37 order.
  ///
  /// - Parameters:
  ///   - aatype: residue types; above 20 counts as unknown. `[N_res]`
  ///   - positions: coordinates in Å, 0 where missing. `[N_res, 37, 3]`
  ///   - mask: 1 where the atom is known. `[N_res, 37]`
  public init(aatype: [Int], positions: [Real], mask atomMask: [Real]) {
    programmingError(
      unless: positions.count == aatype.count * Atom37.count * 3
        && atomMask.count == aatype.count * Atom37.count,
      "TorsionAngles: positions and mask must be those of \(aatype.count) residues")
    sineCosine = []
    alternative = []
    mask = []
    sineCosine.reserveCapacity(aatype.count * Self.count * 2)
    for (residue, type) in aatype.enumerated() {
      let type = min(type, AminoAcid.unknown.index)
      for angle in 0..<Self.count {
        let atoms = Self.atoms(of: angle, type: type, residue: residue)
        let known =
          atoms.allSatisfy { $0 >= 0 && atomMask[$0] > 0 }
          && (angle < 3 || ChiAngles.mask[type * 4 + angle - 3] > 0)
        var value = SineCosine<Real>(
          atoms.map { $0 < 0 ? .zero : Vector3<Real>(positions, at: $0) })
        if angle == 0 && !known { value = SineCosine(sine: 0, cosine: 0) }
        // Psi is measured to the oxygen, which lies opposite the next nitrogen.
        let sign: Real = angle == 2 ? -1 : 1
        let flip: Real = angle >= 3 && ChiAngles.periodicInPi[type * 4 + angle - 3] > 0 ? -1 : 1
        sineCosine += [value.sine * sign, value.cosine * sign]
        alternative += [value.sine * sign * flip, value.cosine * sign * flip]
        mask.append(known ? 1 : 0)
      }
    }
  }

  /// Indices of the four atoms in a flat `[N_res, 37]` table; −1 before the first residue.
  private static func atoms(of angle: Int, type: Int, residue: Int) -> [Int] {
    func place(_ atom: AtomName, before: Int = 0) -> Int {
      residue < before ? -1 : (residue - before) * Atom37.count + atom.index
    }
    switch angle {
    case 0: return [place(.ca, before: 1), place(.c, before: 1), place(.n), place(.ca)]
    case 1: return [place(.c, before: 1), place(.n), place(.ca), place(.c)]
    case 2: return [place(.n), place(.ca), place(.c), place(.o)]
    default:
      let start = (type * 4 + angle - 3) * 4
      return ChiAngles.atom37Indices[start..<start + 4].map { residue * Atom37.count + $0 }
    }
  }
}

/// Sine and cosine of an angle; (0, 0) where no angle is defined.
public struct SineCosine<Real: BinaryFloatingPoint & Sendable> {
  /// Sine of the angle.
  public var sine: Real
  /// Cosine of the angle.
  public var cosine: Real

  init(sine: Real, cosine: Real) {
    self.sine = sine
    self.cosine = cosine
  }

  /// The dihedral of four points: y and z of the fourth in the frame of the first three.
  public init(_ points: [Vector3<Real>]) {
    let frame = RigidTransform(
      pointOnNegativeX: points[1], origin: points[2], pointInXYPlane: points[0])
    let local = frame.applyInverse(to: points[3])
    let length = (local.z * local.z + local.y * local.y + 1e-8).squareRoot()
    self.init(sine: local.z / length, cosine: local.y / length)
  }
}
