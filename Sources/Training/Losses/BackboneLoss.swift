import FoldingCore
import NumericArrays

/// Frame aligned point error of the backbone, averaged over the layers of the structure module.
///
/// Suppl. Algorithm 20 line 17: every residue's frame against every Cα, which is the frame's origin, so that the
/// gradient of a point goes to the translation of its own frame.
///
/// - Parameters:
///   - trajectory: predicted frames, Å. `[layers][N_res]`
///   - target: true frames, Å. `[N_res]`
///   - mask: 1 where the true frame is known. `[N_res]`
/// - Returns: the mean error, the error of each layer, and the gradient with respect to the frames. `[layers][N_res]`
@_specialize(where Real == Float)
@_specialize(where Real == Double)
public func backboneLoss<Real: RealNumber>(
  trajectory: [[RigidTransform<Real>]], target: [RigidTransform<Real>], mask: [Real],
  scale: PointErrorScale
) -> (term: LossTerm<Real, [[RigidGradient<Real>]]>, layers: [Real]) {
  let targetSide = FramesAndPoints(frames: target, positions: origins(target))
  let share = 1 / Real(max(trajectory.count, 1))
  var layers: [Real] = []
  var gradients: [[RigidGradient<Real>]] = []
  for frames in trajectory {
    let error = frameAlignedPointError(
      predicted: FramesAndPoints(frames: frames, positions: origins(frames)), target: targetSide,
      framesMask: mask, positionsMask: mask, scale: scale)
    layers.append(error.value)
    gradients.append(
      error.gradient.frames.enumerated().map { residue, frame in
        RigidGradient(
          rotation: frame.rotation.scaled(by: share),
          translation: (frame.translation + Vector3(error.gradient.positions, at: residue)) * share)
      })
  }
  return (LossTerm(value: total(layers) * share, gradient: gradients), layers)
}

/// Origins of frames as a flat list. `[N, 3]`
private func origins<Real: RealNumber>(_ frames: [RigidTransform<Real>]) -> [Real] {
  frames.flatMap { [$0.translation.x, $0.translation.y, $0.translation.z] }
}

extension Matrix3 {
  /// Multiple of a matrix.
  func scaled(by factor: Real) -> Matrix3 {
    Matrix3(rows: row0 * factor, row1 * factor, row2 * factor)
  }
}
