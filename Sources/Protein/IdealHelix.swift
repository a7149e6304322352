import Foundation

/// A right-handed α-helix of ideal residues.
///
/// φ −57°, ψ −47°, ω 180°; bonds N–CA 1.458, CA–C 1.525, C–N 1.329 Å; angles at CA 111.2°, C 116.2°, N 121.7° (Engh &
/// Huber 1991). From these each frame follows from the one before by one rotation and one translation.
public enum IdealHelix {
  /// Rotation from one residue's frame to the next, as a unit quaternion (w, x, y, z): 99.355°.
  static let turn = SIMD4(0.64708708, 0.5344085, -0.3079911, 0.44813765)
  /// Origin of the next residue in the frame of a residue, Å.
  static let advance = SIMD3(3.56304894, 0.90855786, -0.97430902)

  /// Frames of backbone atoms (CA at the origin, C on x, N in the xy plane): quaternion, and translation in Å.
  public static func frames(_ count: Int) -> [(
    quaternion: SIMD4<Double>, translation: SIMD3<Double>
  )] {
    var (q, t) = (SIMD4(1.0, 0, 0, 0), SIMD3<Double>.zero)
    return (0..<max(0, count)).map { _ in
      let frame = (quaternion: q, translation: t)
      t += rotate(advance, by: q)
      q = product(q, turn)
      q /= (q * q).sum().squareRoot()
      return frame
    }
  }

  private static func product(_ a: SIMD4<Double>, _ b: SIMD4<Double>) -> SIMD4<Double> {
    let (u, v) = (SIMD3(a.y, a.z, a.w), SIMD3(b.y, b.z, b.w))
    let vector = a.x * v + b.x * u + cross(u, v)
    return SIMD4(a.x * b.x - (u * v).sum(), vector.x, vector.y, vector.z)
  }

  private static func rotate(_ v: SIMD3<Double>, by q: SIMD4<Double>) -> SIMD3<Double> {
    let u = SIMD3(q.y, q.z, q.w)
    let t = 2 * cross(u, v)
    return v + q.x * t + cross(u, t)
  }

  private static func cross(_ a: SIMD3<Double>, _ b: SIMD3<Double>) -> SIMD3<Double> {
    SIMD3(a.y * b.z - a.z * b.y, a.z * b.x - a.x * b.z, a.x * b.y - a.y * b.x)
  }
}
