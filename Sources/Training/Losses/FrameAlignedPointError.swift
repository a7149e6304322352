import FoldingCore
import NumericArrays

/// Distances at which the frame aligned point error stops growing, and its unit.
public struct PointErrorScale: Codable, Hashable, Sendable {
  /// Errors count up to here, Å.
  ///
  /// Suppl. 1.9.2: 10 Å.
  public var clampDistance = 10.0
  /// Unit of the error, Å.
  ///
  /// Suppl. 1.9.2: Z = 10 Å.
  public var unit = 10.0
  /// Share of the loss that is clamped: 1 always, 0 never.
  ///
  /// Suppl. 1.11.5: the backbone error is left unclamped in 10 % of the batches, the side chains' never.
  public var clampedShare = 1.0

  /// The released values, clamped.
  public init() {}

  /// The released values with the given clamped share.
  public init(clampedShare: Double) { self.clampedShare = clampedShare }
}

/// Gradient of the frame aligned point error with respect to predicted frames and positions.
public struct PointErrorGradient<Real: RealNumber>: Sendable {
  /// With respect to the frames; translations per Å. `[N_frames]`
  public var frames: [RigidGradient<Real>]
  /// With respect to the positions, per Å. `[N_points, 3]`
  public var positions: [Real]
}

/// Two structures, or the two halves of a comparison: frames and points, some of them unknown.
public struct FramesAndPoints<Real: RealNumber>: Sendable {
  /// Frames, Å. `[N_frames]`
  public var frames: [RigidTransform<Real>]
  /// Points, Å. `[N_points, 3]`
  public var positions: [Real]

  /// Frames and points.
  public init(frames: [RigidTransform<Real>], positions: [Real]) {
    self.frames = frames
    self.positions = positions
  }
}

/// Mean distance of points in predicted and true local frames: `mean_ij min(d_clamp, |T_i⁻¹ x_j − T̂_i⁻¹ x̂_j|) / Z`.
///
/// Algorithm 28 (Jumper et al. 2021, Suppl. 1.9.2, computeFAPE). Invariant under rigid motions of either structure,
/// not under reflections.
///
/// - Departure: as in the released code 10⁻⁴ stands both under the root (Å²) and beside the number of pairs.
/// - Parameters:
///   - framesMask: 1 where both frames are known. `[N_frames]`
///   - positionsMask: 1 where both points are known. `[N_points]`
/// - Returns: the error, dimensionless, and its gradient. The nine entries of a rotation count as independent.
@_specialize(where Real == Float)
@_specialize(where Real == Double)
public func frameAlignedPointError<Real: RealNumber>(
  predicted: FramesAndPoints<Real>, target: FramesAndPoints<Real>, framesMask: [Real],
  positionsMask: [Real], scale: PointErrorScale = PointErrorScale()
) -> LossTerm<Real, PointErrorGradient<Real>> {
  let epsilon: Real = 1e-4
  let pairs = total(framesMask) * total(positionsMask)
  let factor = 1 / (Real(scale.unit) * (epsilon + pairs))
  let clamp = Real(scale.clampDistance)
  let unclampedShare = Real(1 - scale.clampedShare)
  let points = positionsMask.indices.filter { positionsMask[$0] != 0 }
  let pointPairs = points.map {
    PointPair(
      predicted: Vector3(predicted.positions, at: $0), target: Vector3(target.positions, at: $0),
      weight: positionsMask[$0])
  }

  var pointGradient = [Vector3<Real>](repeating: .zero, count: points.count)
  var frameGradient = [RigidGradient<Real>](repeating: .zero, count: predicted.frames.count)
  var sum = 0.0
  for (i, frame) in predicted.frames.enumerated() where framesMask[i] != 0 {
    let (error, gradient) = rowError(
      frame: frame, target: target.frames[i], points: pointPairs, factor: framesMask[i] * factor,
      clamp: clamp, unclampedShare: unclampedShare, pointGradient: &pointGradient)
    frameGradient[i] = gradient
    sum += Double(framesMask[i]) * error
  }

  var positions = [Real](repeating: 0, count: predicted.positions.count)
  for (j, point) in points.enumerated() {
    positions[3 * point] = pointGradient[j].x
    positions[3 * point + 1] = pointGradient[j].y
    positions[3 * point + 2] = pointGradient[j].z
  }
  return LossTerm(
    value: Real(sum * Double(factor)),
    gradient: PointErrorGradient(frames: frameGradient, positions: positions))
}

/// A predicted point and the true one, Å.
private struct PointPair<Real: RealNumber> {
  let predicted: Vector3<Real>
  let target: Vector3<Real>
  let weight: Real
}

/// Errors of all points in one frame, in Å, with the frame's gradient; adds to the points' gradients.
@inline(__always)
private func rowError<Real: RealNumber>(
  frame: RigidTransform<Real>, target: RigidTransform<Real>, points: [PointPair<Real>],
  factor: Real, clamp: Real, unclampedShare: Real, pointGradient: inout [Vector3<Real>]
) -> (error: Double, gradient: RigidGradient<Real>) {
  var gradient = RigidGradient<Real>.zero
  var error = 0.0
  points.withUnsafeBufferPointer { points in
    pointGradient.withUnsafeMutableBufferPointer { pointGradient in
      for j in 0..<points.count {
        let offset = points[j].predicted - frame.translation
        let difference =
          frame.rotation.transposeTimes(offset) - target.applyInverse(to: points[j].target)
        let distance = (difference.squaredLength + 1e-4).squareRoot()
        let isClamped = distance > clamp
        // If everything is clamped, a distance may be infinite.
        let excess = unclampedShare == 0 ? 0 : unclampedShare * (distance - clamp)
        let counted = isClamped ? clamp + excess : distance
        error += Double(points[j].weight * counted)
        let slope = points[j].weight * (isClamped ? unclampedShare : 1)
        guard slope != 0 else { continue }
        let localGradient = difference * (factor * slope / distance)
        let globalGradient = frame.rotation * localGradient
        pointGradient[j] += globalGradient
        gradient.translation -= globalGradient
        gradient.rotation += Matrix3(outer: offset, localGradient)
      }
    }
  }
  return (error, gradient)
}
