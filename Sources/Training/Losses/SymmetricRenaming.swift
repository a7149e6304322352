import FoldingCore
import NumericArrays
import Protein

/// Resolves atoms that differ only in name (such as OD1 and OD2) in favour of the prediction.
///
/// Algorithm 26 (Jumper et al. 2021, Suppl. 1.8.5, renameSymmetricGroundTruthAtoms). Asp, Glu, Phe and Tyr have such
/// pairs. A residue is renamed if its pairs' distances to all unambiguous atoms then fit the predicted ones better.
///
/// - Departure: none from the released code, which adds 10⁻¹⁰ under each root.
/// - Parameters:
///   - labels: the true structure.
///   - atom14Positions: predicted atoms, Å. `[N_res, 14, 3]`
/// - Returns: true where the alternative names fit better. `[N_res]`
@_specialize(where Real == Float)
@_specialize(where Real == Double)
public func symmetricRenaming<Real: RealNumber>(
  labels: StructureLabels<Real>, atom14Positions: [Real]
) -> [Bool] {
  let slots = Atom14.count
  let known = labels.atom14Mask.indices.filter { labels.atom14Mask[$0] != 0 }
  let isAmbiguous = { (atom: Int) in
    Atom14.isAmbiguous[labels.aatype[atom / slots] * slots + atom % slots] != 0
  }
  let anchors = known.filter { !isAmbiguous($0) }
  var error = [Real](repeating: 0, count: labels.count)
  var alternativeError = error
  for atom in known where isAmbiguous(atom) {
    let predicted = Vector3(atom14Positions, at: atom)
    let true1 = Vector3(labels.atom14Positions, at: atom)
    let true2 = Vector3(labels.alternativeAtom14Positions, at: atom)
    for anchor in anchors {
      let place = Vector3(labels.atom14Positions, at: anchor)
      let distance = smoothDistance(predicted, Vector3(atom14Positions, at: anchor))
      error[atom / slots] += smoothAbsolute(distance - smoothDistance(true1, place))
      alternativeError[atom / slots] += smoothAbsolute(distance - smoothDistance(true2, place))
    }
  }
  return zip(alternativeError, error).map { $0 < $1 }
}

/// `√(10⁻¹⁰ + |a − b|²)`, which has a gradient where the points coincide.
@inline(__always)
func smoothDistance<Real: RealNumber>(_ a: Vector3<Real>, _ b: Vector3<Real>) -> Real {
  (1e-10 + (a - b).squaredLength).squareRoot()
}

@inline(__always)
private func smoothAbsolute<Real: RealNumber>(_ x: Real) -> Real { (1e-10 + x * x).squareRoot() }
