import NumericArrays
import Protein

/// Torsion angles of one layer as the structure module gives them.
public struct TorsionPrediction<Real: RealNumber>: Sendable {
  /// Sine and cosine of omega, phi, psi, chi1 … chi4, of unit length. `[N_res, 7, 2]`
  public var normalized: [Real]
  /// The same before normalisation. `[N_res, 7, 2]`
  public var unnormalized: [Real]

  /// Angles with their values before normalisation.
  public init(normalized: [Real], unnormalized: [Real]) {
    self.normalized = normalized
    self.unnormalized = unnormalized
  }
}

/// The two parts of the torsion loss.
public struct TorsionLoss<Real: RealNumber>: Sendable {
  /// Mean squared distance of (sin χ, cos χ) to the nearer of truth and truth + π where that is the same side chain.
  public var chi: LossTerm<Real, [[Real]]>
  /// Mean distance of the unnormalised vectors' lengths from 1.
  public var angleNorm: LossTerm<Real, [[Real]]>
}

/// Squared error of the side-chain torsions, and a pull of their vectors towards unit length.
///
/// Algorithm 27 (Jumper et al. 2021, Suppl. 1.9.1, torsionAngleLoss), averaged over the layers.
///
/// - Departure: as in the released code only the four chi angles are supervised, not omega, phi and psi; 10⁻⁶ stands
///   under the root of the length; means carry 10⁻¹⁰ in the denominator.
/// - Parameters:
///   - layers: predictions of every layer.
///   - labels: the true structure.
/// - Returns: both parts with gradients with respect to `normalized` (chi) and `unnormalized` (norm). `[layers][N_res, 7, 2]`
@_specialize(where Real == Float)
@_specialize(where Real == Double)
public func torsionAngleLoss<Real: RealNumber>(
  layers: [TorsionPrediction<Real>], labels: StructureLabels<Real>
) -> TorsionLoss<Real> {
  let depth = Real(layers.count)
  let chiCount = total(labels.chiMask) * depth + 1e-10
  let normCount = total(labels.sequenceMask) * depth * 7 + 1e-10
  var chi = LossTerm<Real, [[Real]]>(value: 0, gradient: [])
  var norm = chi
  var (chiSum, normSum) = (0.0, 0.0)
  for layer in layers {
    let (chiError, chiGradient) = chiError(layer.normalized, labels: labels, count: chiCount)
    let (normError, normGradient) = normError(
      layer.unnormalized, mask: labels.sequenceMask, count: normCount)
    chiSum += chiError
    normSum += normError
    chi.gradient.append(chiGradient)
    norm.gradient.append(normGradient)
  }
  chi.value = Real(chiSum / Double(chiCount))
  norm.value = Real(normSum / Double(normCount))
  return TorsionLoss(chi: chi, angleNorm: norm)
}

private func chiError<Real: RealNumber>(
  _ angles: [Real], labels: StructureLabels<Real>, count: Real
) -> (sum: Double, gradient: [Real]) {
  var gradient = [Real](repeating: 0, count: angles.count)
  var sum = 0.0
  for residue in 0..<labels.count {
    for chi in 0..<ChiAngles.count where labels.chiMask[residue * 4 + chi] != 0 {
      let weight = labels.chiMask[residue * 4 + chi]
      let place = (residue * 7 + 3 + chi) * 2
      let truth = (residue * 4 + chi) * 2
      let (sine, cosine) = (labels.chiSineCosine[truth], labels.chiSineCosine[truth + 1])
      var difference = (angles[place] - sine, angles[place + 1] - cosine)
      var error = difference.0 * difference.0 + difference.1 * difference.1
      if ChiAngles.periodicInPi[labels.aatype[residue] * 4 + chi] != 0 {
        let opposite = (angles[place] + sine, angles[place + 1] + cosine)
        let oppositeError = opposite.0 * opposite.0 + opposite.1 * opposite.1
        if oppositeError < error { (difference, error) = (opposite, oppositeError) }
      }
      sum += Double(weight * error)
      gradient[place] = 2 * weight / count * difference.0
      gradient[place + 1] = 2 * weight / count * difference.1
    }
  }
  return (sum, gradient)
}

private func normError<Real: RealNumber>(
  _ angles: [Real], mask: [Real], count: Real
) -> (sum: Double, gradient: [Real]) {
  var gradient = [Real](repeating: 0, count: angles.count)
  var sum = 0.0
  for residue in mask.indices where mask[residue] != 0 {
    for angle in 0..<7 {
      let place = (residue * 7 + angle) * 2
      let (a, b) = (angles[place], angles[place + 1])
      let length = (a * a + b * b + 1e-6).squareRoot()
      sum += Double(mask[residue] * abs(length - 1))
      let sign: Real = length > 1 ? 1 : length < 1 ? -1 : 0
      gradient[place] = mask[residue] / count * sign * a / length
      gradient[place + 1] = mask[residue] / count * sign * b / length
    }
  }
  return (sum, gradient)
}
