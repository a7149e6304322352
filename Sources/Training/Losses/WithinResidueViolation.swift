import FoldingCore
import NumericArrays
import Protein

/// Sum of the amounts by which distances inside residues exceed their bounds.
///
/// Suppl. 1.9.11, equation 46.
///
/// Bonds and angles may deviate by `toleranceFactor` standard deviations, other pairs may overlap by the tolerance.
///
/// - Departure: as in the released code each pair counts four times (ordered both ways, for both atoms); 10⁻¹⁰ stands
///   under the root.
/// - Parameters:
///   - atom14Positions: Å. `[N_res, 14, 3]`
///   - bounds: smallest and largest distances by residue type.
/// - Returns: the sum in Å and its gradient. `[N_res, 14, 3]`
@_specialize(where Real == Float)
@_specialize(where Real == Double)
public func withinResidueViolation<Real: RealNumber>(
  atom14Positions: [Real], aatype: [Int], bounds: DistanceBounds
) -> LossTerm<Real, [Real]> {
  let slots = Atom14.count
  var gradient = [Real](repeating: 0, count: atom14Positions.count)
  var sum = 0.0
  for (residue, type) in aatype.enumerated() {
    for a in 0..<slots where Atom14.mask[type * slots + a] != 0 {
      for b in (a + 1)..<slots where Atom14.mask[type * slots + b] != 0 {
        let (first, second) = (residue * slots + a, residue * slots + b)
        let difference = Vector3(atom14Positions, at: first) - Vector3(atom14Positions, at: second)
        let distance = (1e-10 + difference.squaredLength).squareRoot()
        let entry = (type * slots + a) * slots + b
        let shortfall = Real(bounds.lower[entry]) - distance
        let excess = distance - Real(bounds.upper[entry])
        guard shortfall > 0 || excess > 0 else { continue }
        sum += 4 * Double(max(shortfall, 0) + max(excess, 0))
        let slope: Real = 4 * ((excess > 0 ? 1 : 0) - (shortfall > 0 ? 1 : 0))
        gradient.add(difference * (slope / distance), at: first)
        gradient.add(difference * (-slope / distance), at: second)
      }
    }
  }
  return LossTerm(value: Real(sum), gradient: gradient)
}
