/// Flat tables of the eight rigid groups of each residue type (0 … 20), as Algorithm 24 uses them.
///
/// Groups: 0 backbone, 1 omega, 2 phi, 3 psi, 4 … 7 chi1 … chi4.
public enum RigidGroups {
  /// Groups per residue.
  public static let count = 8

  /// Transform from each group's frame, at torsion angle 0, to its parent's; row-major 4×4.
  ///
  /// `[21, 8, 4, 4]`. The parent of omega, phi, psi and chi1 is the backbone, of chi2 the frame of chi1, and so on. Groups that a
  /// residue type lacks, all of the unknown type's included, are zero matrices, as in the released code.
  public static let defaultFrames: [Float] = AminoAcid.allCases.flatMap { residue in
    frames(of: residue).flatMap { $0 }
  }

  /// Group of each atom14 slot; 0 where the slot is empty. `[21, 14]`
  public static let atom14Group: [Int] = table(empty: 0) { $0.group }

  /// Position of each atom14 slot in the frame of its group, Å; 0 where the slot is empty. `[21, 14, 3]`
  public static let atom14Position: [Float] = table(empty: SIMD3<Double>()) { $0.position }
    .flatMap { [Float($0.x), Float($0.y), Float($0.z)] }

  /// 1 where the group is defined by atoms of the residue type: backbone, psi and its chi angles. `[21, 8]`
  ///
  /// The unknown type has backbone and psi, as in the released code: its backbone atoms may be known.
  public static let mask: [Float] = AminoAcid.allCases.flatMap { residue -> [Float] in
    let chi = ChiAngles.atoms(of: residue).count
    return [1, 0, 0, 1] + (0..<4).map { $0 < chi ? 1 : 0 }
  }

  /// The three atoms that define each group's frame, as places in the atom37 order. `[21, 8, 3]`
  ///
  /// In the order of Algorithm 21's x1, x2, x3: a point on the negative x axis, the origin, a point in the xy-plane; 0, 0, 0
  /// where the group is undefined. The released code lists the backbone as C, CA, N and turns its x and z axes round.
  public static let baseAtom37Indices: [Int] = AminoAcid.allCases.flatMap { residue -> [Int] in
    var base = [[AtomName]](repeating: [], count: count)
    base[0] = [.c, .ca, .n]
    base[3] = [.ca, .c, .o]
    for (chi, atoms) in ChiAngles.atoms(of: residue).enumerated() {
      base[4 + chi] = Array(atoms[1...])
    }
    return base.flatMap { $0.isEmpty ? [0, 0, 0] : $0.map(\.index) }
  }

  private static func table<Value>(empty: Value, _ value: (IdealAtom) -> Value) -> [Value] {
    AminoAcid.allCases.flatMap { residue -> [Value] in
      var row = [Value](repeating: empty, count: Atom14.count)
      for atom in residue.idealAtoms {
        if let slot = residue.atom14Index(of: atom.name) { row[slot] = value(atom) }
      }
      return row
    }
  }

  private static func frames(of residue: AminoAcid) -> [[Float]] {
    var frames = [[Float]](repeating: [Float](repeating: 0, count: 16), count: count)
    let position = Dictionary(
      uniqueKeysWithValues: residue.idealAtoms.map { ($0.name, $0.position) })
    guard let n = position[.n], let ca = position[.ca], let c = position[.c] else { return frames }
    frames[0] = frame(x: [1, 0, 0], y: [0, 1, 0], origin: .zero)
    frames[1] = frames[0]
    frames[2] = frame(x: n - ca, y: [1, 0, 0], origin: n)
    frames[3] = frame(x: c - ca, y: ca - n, origin: c)
    for (chi, atoms) in ChiAngles.atoms(of: residue).enumerated() {
      guard let end = position[atoms[2]] else { continue }
      if chi == 0, let before = position[atoms[0]], let start = position[atoms[1]] {
        frames[4] = frame(x: end - start, y: before - start, origin: end)
      } else {
        // The bond starts at the origin of the previous frame, which lies in its xy-plane.
        frames[4 + chi] = frame(x: end, y: [-1, 0, 0], origin: end)
      }
    }
    return frames
  }

  /// Right-handed frame with x along the first vector and y in the plane of both, as a row-major 4×4 matrix.
  private static func frame(
    x: SIMD3<Double>, y: SIMD3<Double>, origin: SIMD3<Double>
  ) -> [Float] {
    let ex = x / (x * x).sum().squareRoot()
    let inPlane = y - (y * ex).sum() * ex
    let ey = inPlane / (inPlane * inPlane).sum().squareRoot()
    let ez = cross(ex, ey)
    let rows = (0..<3).flatMap { [ex[$0], ey[$0], ez[$0], origin[$0]] }
    return (rows + [0, 0, 0, 1]).map { Float($0) }
  }
}
