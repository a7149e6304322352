import FoldingCore
import NumericArrays
import Protein

/// Squared error of omega, phi and psi, averaged over angles and layers: `mean |(sin, cos) − (sin, cos)^true|²`.
///
/// Jumper et al. 2021, Suppl. 1.9.1, as printed has all seven angles in the torsion loss; the released code supervises the four of the
/// side chain only (`torsionAngleLoss`). Off by default.
///
/// - Parameters:
///   - layers: predictions of every layer.
///   - labels: the true structure.
/// - Returns: the mean, and its gradient with respect to `normalized`. `[layers][N_res, 7, 2]`
@_specialize(where Real == Float)
@_specialize(where Real == Double)
public func backboneTorsionLoss<Real: RealNumber>(
  layers: [TorsionPrediction<Real>], labels: StructureLabels<Real>
) -> LossTerm<Real, [[Real]]> {
  let count = total(labels.backboneTorsionMask) * Real(layers.count) + 1e-10
  var sum = 0.0
  let gradient = layers.map { layer in
    var gradient = [Real](repeating: 0, count: layer.normalized.count)
    for residue in 0..<labels.count {
      for angle in 0..<3 where labels.backboneTorsionMask[residue * 3 + angle] != 0 {
        for part in 0..<2 {
          let place = (residue * TorsionAngles<Real>.count + angle) * 2 + part
          let truth = labels.backboneSineCosine[(residue * 3 + angle) * 2 + part]
          let difference = layer.normalized[place] - truth
          sum += Double(difference * difference)
          gradient[place] = 2 * difference / count
        }
      }
    }
    return gradient
  }
  return LossTerm(value: Real(sum / Double(count)), gradient: gradient)
}
