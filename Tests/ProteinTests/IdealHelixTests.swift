import Foundation
import Protein
import Testing

@Suite("Ideal helix")
struct IdealHelixTests {
  @Test(
    "C-alphas are 3.80 Å apart, 5.5 Å over three residues, and rise 1.56 Å each around a right-handed axis"
  )
  func geometry() {
    let places = IdealHelix.frames(60).map(\.translation)
    func distance(_ i: Int, _ j: Int) -> Double {
      let d = places[j] - places[i]
      return (d * d).sum().squareRoot()
    }
    for i in 0..<57 {
      #expect(abs(distance(i, i + 1) - 3.804) < 1e-3)
      #expect((4.9...5.6).contains(distance(i, i + 3)))
    }
    #expect(abs(distance(0, 58) / 58 - 1.558) < 0.01)
    let (a, b, c) = (places[1] - places[0], places[2] - places[1], places[3] - places[2])
    let normal = SIMD3(a.y * b.z - a.z * b.y, a.z * b.x - a.x * b.z, a.x * b.y - a.y * b.x)
    #expect((normal * c).sum() > 0)
  }

  @Test("frames are unit quaternions, and the first stands at the origin")
  func frames() {
    let frames = IdealHelix.frames(2000)
    #expect(frames[0].quaternion == SIMD4(1, 0, 0, 0) && frames[0].translation == .zero)
    for frame in frames { #expect(abs((frame.quaternion * frame.quaternion).sum() - 1) < 1e-12) }
    #expect(IdealHelix.frames(0).isEmpty && IdealHelix.frames(-1).isEmpty)
  }
}

@Suite("Backbone from torsions")
struct BackboneChainTests {
  @Test(
    "atoms placed in the frames have the torsions, bonds and angles that the chain was built from")
  func torsions() {
    let given = (0..<12).map { i in
      BackboneTorsions(
        omega: i % 5 == 4 ? 0.1 : 3.1, phi: -1.1 + 0.3 * Double(i), psi: 2.4 - 0.45 * Double(i))
    }
    let frames = BackboneChain.frames(given)
    #expect(frames.count == 12 && frames[0].translation == .zero)
    // N lies 1.458 Å from CA at 111.2° to C, which lies 1.525 Å along x.
    let angle = 111.2 * Double.pi / 180
    let atoms = frames.map { frame in
      (
        n: place(SIMD3(1.458 * cos(angle), 1.458 * sin(angle), 0), frame),
        ca: frame.translation, c: place(SIMD3(1.525, 0, 0), frame)
      )
    }
    for i in 1..<12 {
      let (a, b) = (atoms[i - 1], atoms[i])
      expectAngle(dihedral(a.n, a.ca, a.c, b.n), given[i - 1].psi)
      expectAngle(dihedral(a.ca, a.c, b.n, b.ca), given[i].omega)
      expectAngle(dihedral(a.c, b.n, b.ca, b.c), given[i].phi)
      #expect(abs(length(b.n - a.c) - 1.329) < 1e-9)
    }
    #expect(BackboneChain.frames([]).isEmpty)
  }

  private func expectAngle(_ found: Double, _ given: Double) {
    #expect(abs(sin((found - given) / 2)) < 1e-9, "\(found), \(given)")
  }

  private func place(_ v: SIMD3<Double>, _ frame: BackboneChain.Frame) -> SIMD3<Double> {
    let u = SIMD3(frame.quaternion.y, frame.quaternion.z, frame.quaternion.w)
    let t = 2 * cross(u, v)
    return frame.translation + v + frame.quaternion.x * t + cross(u, t)
  }

  /// IUPAC: positive where, seen along the middle bond, the far bond is turned clockwise.
  private func dihedral(
    _ a: SIMD3<Double>, _ b: SIMD3<Double>, _ c: SIMD3<Double>, _ d: SIMD3<Double>
  ) -> Double {
    let (u, v, w) = (b - a, c - b, d - c)
    let (m, n) = (cross(u, v), cross(v, w))
    return atan2((length(v) * u * n).sum(), (m * n).sum())
  }

  private func cross(_ a: SIMD3<Double>, _ b: SIMD3<Double>) -> SIMD3<Double> {
    SIMD3(a.y * b.z - a.z * b.y, a.z * b.x - a.x * b.z, a.x * b.y - a.y * b.x)
  }

  private func length(_ v: SIMD3<Double>) -> Double { (v * v).sum().squareRoot() }
}
