import FoldingCore
import NumericArrays

/// Frame aligned point error of all rigid groups against all atoms, after renaming of symmetric atoms.
///
/// Suppl. Algorithm 20 lines 26–28. Clamped, unless `scale` says otherwise.
///
/// - Parameters:
///   - groupFrames: predicted frames of the last layer, Å. `[N_res, 8]`
///   - atom14Positions: predicted atoms of the last layer, Å. `[N_res, 14, 3]`
///   - labels: the true structure.
///   - renamed: true where alternative names are used. `[N_res]`
@_specialize(where Real == Float)
@_specialize(where Real == Double)
public func sideChainLoss<Real: RealNumber>(
  groupFrames: [RigidTransform<Real>], atom14Positions: [Real], labels: StructureLabels<Real>,
  renamed: [Bool], scale: PointErrorScale
) -> LossTerm<Real, PointErrorGradient<Real>> {
  let target = labels.renamed(where: renamed)
  return frameAlignedPointError(
    predicted: FramesAndPoints(frames: groupFrames, positions: atom14Positions),
    target: FramesAndPoints(frames: target.groupFrames, positions: target.atom14Positions),
    framesMask: target.groupMask, positionsMask: target.atom14Mask, scale: scale)
}
