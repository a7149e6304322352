import FoldingCore
import NumericArrays
import Protein

/// Flat-bottom losses of the bond between neighbouring residues.
///
/// Suppl. 1.9.11, equations 44 and 45.
///
/// Bond length C–N and the cosines of the angles CA–C–N and C–N–CA, each free within 12 standard deviations, each
/// averaged over the neighbours whose residue numbers differ by 1.
public struct PeptideBondViolation<Real: RealNumber>: Sendable {
  /// Mean excess of the bond length, Å.
  public var bond: Real = 0
  /// Mean excess of the cosine at C.
  public var angleAtC: Real = 0
  /// Mean excess of the cosine at N.
  public var angleAtN: Real = 0
  /// Gradient of the sum of the three, per Å. `[N_res, 14, 3]`
  public var gradient: [Real]

  /// Violations of predicted atoms.
  ///
  /// - Departure: as in the released code the tolerance of the cosine at C is the standard deviation of the bond
  ///   *length* (0.014), not that of the cosine (0.0311); 10⁻⁶ stands under every root and beside the counts.
  /// - Parameters:
  ///   - atom14Positions: Å. `[N_res, 14, 3]`
  ///   - aatype: residue types. `[N_res]`
  ///   - residueIndex: residue numbers. `[N_res]`
  public init(
    atom14Positions: [Real], aatype: [Int], residueIndex: [Int], toleranceFactor: Real = 12
  ) {
    gradient = [Real](repeating: 0, count: atom14Positions.count)
    // Unknown residues have no atoms, so bond and both angles exist together.
    let bonds = aatype.indices.dropLast().filter { i in
      residueIndex[i + 1] == residueIndex[i] + 1
        && aatype[i] != AminoAcid.unknown.index && aatype[i + 1] != AminoAcid.unknown.index
    }
    let weight = 1 / (Real(bonds.count) + 1e-6)
    for i in bonds {
      let atoms = PeptideAtoms(atom14Positions, at: i)
      let isProline = aatype[i + 1] == AminoAcid.proline.index
      let length = isProline ? PeptideGeometry.bondLengthProline : PeptideGeometry.bondLength
      let lengthError = flatBottom(
        atoms.cn.length, around: Real(length.mean),
        tolerance: toleranceFactor * Real(length.deviation))
      let cError = flatBottom(
        atoms.cosineAtC, around: Real(PeptideGeometry.cosineCACN.mean),
        tolerance: toleranceFactor * Real(PeptideGeometry.bondLength.deviation))
      let nError = flatBottom(
        atoms.cosineAtN, around: Real(PeptideGeometry.cosineCNCA.mean),
        tolerance: toleranceFactor * Real(PeptideGeometry.cosineCNCA.deviation))
      bond += lengthError.value * weight
      angleAtC += cError.value * weight
      angleAtN += nError.value * weight
      atoms.addGradient(
        length: lengthError.slope * weight, atC: cError.slope * weight, atN: nError.slope * weight,
        to: &gradient)
    }
  }
}

/// `max(0, √((x − x₀)² + 10⁻⁶) − tolerance)` and its derivative.
private func flatBottom<Real: RealNumber>(
  _ x: Real, around centre: Real, tolerance: Real
) -> (value: Real, slope: Real) {
  let error = ((x - centre) * (x - centre) + 1e-6).squareRoot()
  return error > tolerance ? (error - tolerance, (x - centre) / error) : (0, 0)
}

/// A difference of two points with its smoothed length.
private struct Bond<Real: RealNumber> {
  let vector: Vector3<Real>
  let length: Real

  init(from a: Vector3<Real>, to b: Vector3<Real>) {
    vector = b - a
    length = (vector.squaredLength + 1e-6).squareRoot()
  }

  var direction: Vector3<Real> { vector * (1 / length) }

  /// Gradient with respect to the vector, given those with respect to direction and length.
  func pullBack(direction g: Vector3<Real>, length gLength: Real = 0) -> Vector3<Real> {
    let u = direction
    return (g - u * u.dot(g)) * (1 / length) + u * gLength
  }
}

/// CA and C of one residue, N and CA of the next.
private struct PeptideAtoms<Real: RealNumber> {
  let start: Int
  let cca: Bond<Real>  // C → CA
  let cn: Bond<Real>  // C → N
  let nca: Bond<Real>  // N → CA
  let cosineAtC: Real
  let cosineAtN: Real

  init(_ positions: [Real], at residue: Int) {
    start = residue * Atom14.count
    let (ca, c) = (Vector3(positions, at: start + 1), Vector3(positions, at: start + 2))
    let next = start + Atom14.count
    let (n, nextCA) = (Vector3(positions, at: next), Vector3(positions, at: next + 1))
    cca = Bond(from: c, to: ca)
    cn = Bond(from: c, to: n)
    nca = Bond(from: n, to: nextCA)
    cosineAtC = cca.direction.dot(cn.direction)
    cosineAtN = -cn.direction.dot(nca.direction)
  }

  func addGradient(length: Real, atC: Real, atN: Real, to gradient: inout [Real]) {
    let toCA = cca.pullBack(direction: cn.direction * atC)
    let toN = cn.pullBack(
      direction: cca.direction * atC - nca.direction * atN, length: length)
    let toNextCA = nca.pullBack(direction: cn.direction * -atN)
    let next = start + Atom14.count
    gradient.add(toCA, at: start + 1)
    gradient.add(-(toCA + toN), at: start + 2)
    gradient.add(toN - toNextCA, at: next)
    gradient.add(toNextCA, at: next + 1)
  }
}

extension Array where Element: RealNumber {
  /// Adds a vector to coordinates `3 * index ..< 3 * index + 3`.
  @inline(__always)
  mutating func add(_ vector: Vector3<Element>, at index: Int) {
    self[3 * index] += vector.x
    self[3 * index + 1] += vector.y
    self[3 * index + 2] += vector.z
  }
}
