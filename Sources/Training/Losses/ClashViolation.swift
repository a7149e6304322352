import FoldingCore
import NumericArrays
import Protein

/// Sum of overlaps of atoms of different residues.
///
/// Suppl. 1.9.11, equation 46.
///
/// Two atoms overlap if they are closer than the sum of their van der Waals radii minus the tolerance. Not counted: the bond C–N of
/// neighbours, and disulfides. Pairs of residues too far apart to overlap are skipped, which is exact.
///
/// - Departure: as in the released code the sixth atom of *every* residue (SG in cysteine) may touch the sixth atom of
///   any other, and each overlap counts twice, once for each atom; 10⁻¹⁰ stands under the root.
/// - Parameters:
///   - atom14Positions: Å. `[N_res, 14, 3]`
///   - tolerance: allowed overlap, Å.
/// - Returns: the sum in Å and its gradient. `[N_res, 14, 3]`
@_specialize(where Real == Float)
@_specialize(where Real == Double)
public func clashViolation<Real: RealNumber>(
  atom14Positions: [Real], aatype: [Int], residueIndex: [Int], tolerance: Real = 1.5
) -> LossTerm<Real, [Real]> {
  let atoms = ResidueAtoms(atom14Positions, aatype: aatype)
  let cysteineSulfur = 5
  var gradient = [Real](repeating: 0, count: atom14Positions.count)
  var sum = 0.0
  for i in aatype.indices where atoms.counts[i] > 0 {
    for j in aatype.indices where atoms.counts[j] > 0 && residueIndex[i] < residueIndex[j] {
      let reach = atoms.reach[i] + atoms.reach[j] - tolerance
      if (atoms.centre[i] - atoms.centre[j]).squaredLength > reach * reach { continue }
      let areNeighbours = residueIndex[i] + 1 == residueIndex[j]
      for a in 0..<atoms.counts[i] {
        for b in 0..<atoms.counts[j] {
          if areNeighbours && a == 2 && b == 0 { continue }
          if a == cysteineSulfur && b == cysteineSulfur { continue }
          let (first, second) = (i * Atom14.count + a, j * Atom14.count + b)
          let difference =
            Vector3(atom14Positions, at: first) - Vector3(atom14Positions, at: second)
          let distance = (1e-10 + difference.squaredLength).squareRoot()
          let overlap = atoms.radii[first] + atoms.radii[second] - tolerance - distance
          guard overlap > 0 else { continue }
          sum += 2 * Double(overlap)
          let push = difference * (-2 / distance)
          gradient.add(push, at: first)
          gradient.add(-push, at: second)
        }
      }
    }
  }
  return LossTerm(value: Real(sum), gradient: gradient)
}

/// Atoms of each residue with a sphere around them.
private struct ResidueAtoms<Real: RealNumber> {
  /// Number of atoms. `[N_res]`
  var counts: [Int]
  /// Van der Waals radii, Å. `[N_res, 14]`
  var radii: [Real]
  /// Position of the Cα, Å. `[N_res]`
  var centre: [Vector3<Real>]
  /// Radius around the Cα that holds every atom's van der Waals sphere, Å. `[N_res]`
  var reach: [Real]

  init(_ positions: [Real], aatype: [Int]) {
    let slots = Atom14.count
    radii = aatype.flatMap { Atom14.vanDerWaalsRadius.row($0, of: slots).map { Real($0) } }
    counts = aatype.map { Atom14.mask.row($0, of: slots).count { $0 != 0 } }
    centre = aatype.indices.map { Vector3(positions, at: $0 * slots + 1) }
    reach = []
    for residue in aatype.indices {
      reach.append(
        (0..<counts[residue]).reduce(Real(0)) { reach, slot in
          let atom = residue * slots + slot
          let offset = Vector3(positions, at: atom) - centre[residue]
          // Slightly more than exact, so that rounding never drops a pair.
          return max(reach, offset.squaredLength.squareRoot() * 1.0001 + radii[atom])
        })
    }
  }
}
