import Foundation

/// Torsion angles of one residue's backbone, radians.
public struct BackboneTorsions: Hashable, Sendable {
  /// About the bond from the previous C to this N.
  public var omega: Double
  /// About N–CA.
  public var phi: Double
  /// About CA–C.
  public var psi: Double

  /// Three angles.
  public init(omega: Double, phi: Double, psi: Double) {
    self.omega = omega
    self.phi = phi
    self.psi = psi
  }
}

/// A backbone of ideal bonds and angles, built residue by residue from its torsion angles.
///
/// Bonds N–CA 1.458, CA–C 1.525, C–N 1.329 Å; angles at CA 111.2°, C 116.2°, N 121.7° (Engh & Huber 1991).
public enum BackboneChain {
  /// A frame: rotation as a unit quaternion (w, x, y, z), and translation in Å.
  public typealias Frame = (quaternion: SIMD4<Double>, translation: SIMD3<Double>)

  /// Frames of backbone atoms: CA at the origin, C on x, N in the xy plane.
  ///
  /// The first one stands at the origin.
  ///
  /// From atom to atom the x axis points along the next bond and the atom before lies at positive y; so each step is a shift along x
  /// by a bond, a turn about x by the torsion and one about z by 180° minus the bond angle.
  public static func frames(_ torsions: [BackboneTorsions]) -> [Frame] {
    var frame: Frame = (SIMD4(1, 0, 0, 0), .zero)
    var frames = torsions.isEmpty ? [] : [frame]
    for (before, next) in zip(torsions, torsions.dropFirst()) {
      move(&frame, bond: 1.525, torsion: before.psi, angle: 116.2)  // to C
      move(&frame, bond: 1.329, torsion: next.omega, angle: 121.7)  // to N
      move(&frame, bond: 1.458, torsion: next.phi, angle: 111.2)  // to CA
      frame.quaternion /= (frame.quaternion * frame.quaternion).sum().squareRoot()
      frames.append(frame)
    }
    return frames
  }

  private static func move(_ frame: inout Frame, bond: Double, torsion: Double, angle: Double) {
    let turn = (180 - angle) * .pi / 180
    frame.translation += rotate(SIMD3(bond, 0, 0), by: frame.quaternion)
    frame.quaternion = product(
      product(frame.quaternion, SIMD4(cos(torsion / 2), sin(torsion / 2), 0, 0)),
      SIMD4(cos(turn / 2), 0, 0, sin(turn / 2)))
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
}
