import FoldingCore
import NumericArrays

/// One minus a smooth lDDT of the frames' origins, averaged over the layers of the structure module.
///
/// Abramson et al. 2024 (AlphaFold 3), Suppl. Algorithm 27, for Cα atoms: over pairs that are less than 15 Å apart in the
/// true structure, the mean of `¼ Σ_t σ(t − |d − d̂|)` with t = 0.5, 1, 2, 4 Å. Own extension of AlphaFold2's loss, off by default.
///
/// Invariant under rigid motions and reflections; the frame aligned point error distinguishes mirror images.
///
/// - Parameters:
///   - trajectory: predicted frames, Å. `[layers][N_res]`
///   - target: true frames, Å. `[N_res]`
///   - mask: 1 where the true frame is known. `[N_res]`
/// - Returns: the mean loss, and its gradient with respect to the translations of the frames, per Å. `[layers][N_res]`
@_specialize(where Real == Float)
@_specialize(where Real == Double)
public func smoothLDDTLoss<Real: RealNumber>(
  trajectory: [[RigidTransform<Real>]], target: [RigidTransform<Real>], mask: [Real]
) -> LossTerm<Real, [[Vector3<Real>]]> {
  let pairs = localPairs(target, mask: mask)
  var value = 0.0
  var gradients: [[Vector3<Real>]] = []
  let share = 1 / Real(max(1, pairs.count) * max(1, trajectory.count))
  for frames in trajectory {
    var gradient = [Vector3<Real>](repeating: .zero, count: frames.count)
    for pair in pairs {
      let offset = frames[pair.i].translation - frames[pair.j].translation
      let distance = (offset.squaredLength + 1e-10).squareRoot()
      let (score, slope) = smoothScore(distance - pair.distance)
      value += Double((1 - score) * share)
      let force = offset * (-slope * share / distance)
      gradient[pair.i] += force
      gradient[pair.j] = gradient[pair.j] - force
    }
    gradients.append(gradient)
  }
  return LossTerm(value: Real(value), gradient: gradients)
}

/// Two residues and their true distance, Å.
private struct LocalPair<Real: RealNumber> {
  let i: Int
  let j: Int
  let distance: Real
}

/// True distance from which lDDT ignores a pair, Å.
private let cutoff = 15.0

/// Pairs that lDDT counts.
private func localPairs<Real: RealNumber>(
  _ target: [RigidTransform<Real>], mask: [Real]
) -> [LocalPair<Real>] {
  let squaredCutoff = Real(cutoff * cutoff)
  var pairs: [LocalPair<Real>] = []
  for i in target.indices where mask[i] != 0 {
    for j in 0..<i where mask[j] != 0 {
      let squared = (target[i].translation - target[j].translation).squaredLength
      if squared < squaredCutoff {
        pairs.append(LocalPair(i: i, j: j, distance: squared.squareRoot()))
      }
    }
  }
  return pairs
}

/// `¼ Σ_t σ(t − |difference|)` and its derivative.
@inline(__always)
private func smoothScore<Real: RealNumber>(_ difference: Real) -> (score: Real, slope: Real) {
  let size = abs(difference)
  var (score, slope): (Real, Real) = (0, 0)
  for threshold: Real in [0.5, 1, 2, 4] {
    let part = Real.sigmoid(threshold - size)
    score += part / 4
    slope -= part * (1 - part) / 4
  }
  return (score, difference < 0 ? -slope : slope)
}
