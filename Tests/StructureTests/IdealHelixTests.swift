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
