import FoldingCore
import Foundation
import Protein
import Testing

@testable import Training

@Suite("Labels of the true structure")
struct StructureLabelsTests {
  let fixture: LossFixture
  let labels: StructureLabels<Double>

  init() throws {
    fixture = try LossFixture.load()
    labels = try fixture.structureLabels()
  }

  @Test("rigid groups and their alternatives equal DeepMind's, unknown residue included")
  func groups() throws {
    expectClose(labels.groupMask, try fixture.label("rigidgroups_gt_exists"), tolerance: 0)
    expectClose(
      labels.groupFrames.flatMap(\.flat12), try fixture.label("rigidgroups_gt_frames"),
      tolerance: 1e-12)
    expectClose(
      labels.alternativeGroupFrames.flatMap(\.flat12),
      try fixture.label("rigidgroups_alt_gt_frames"), tolerance: 1e-12)
  }

  @Test("atoms, renamed atoms and pseudo-betas equal DeepMind's")
  func atoms() throws {
    expectClose(labels.atom14Mask, try fixture.label("atom14_gt_exists"), tolerance: 0)
    expectClose(labels.atom14Positions, try fixture.label("atom14_gt_positions"), tolerance: 0)
    expectClose(
      labels.alternativeAtom14Mask, try fixture.label("atom14_alt_gt_exists"), tolerance: 0)
    expectClose(
      labels.alternativeAtom14Positions, try fixture.label("atom14_alt_gt_positions"), tolerance: 0)
    expectClose(labels.pseudoBeta, try fixture.label("pseudo_beta"), tolerance: 0)
    expectClose(labels.pseudoBetaMask, try fixture.label("pseudo_beta_mask"), tolerance: 0)
  }

  @Test("torsion angles equal DeepMind's; an undefined pre-omega is (0, 0)")
  func torsions() throws {
    let found = TorsionAngles(
      aatype: labels.aatype, positions: labels.atom37Positions, mask: labels.atom37Mask)
    let mask = try fixture.label("torsion_mask")
    expectClose(found.mask, mask, tolerance: 0)
    var expected = try fixture.label("torsions")
    var alternative = try fixture.label("alt_torsions")
    for residue in labels.aatype.indices where mask[residue * 7] == 0 {
      for k in 0..<2 {
        expected[residue * 14 + k] = 0
        alternative[residue * 14 + k] = 0
      }
    }
    expectClose(found.sineCosine, expected, tolerance: 1e-9)
    expectClose(found.alternative, alternative, tolerance: 1e-9)
  }

  @Test("omega and phi of neighbours are DeepMind's; nothing is computed across breaks")
  func backboneTorsions() throws {
    let (mask, expected) = (try fixture.label("torsion_mask"), try fixture.label("torsions"))
    var compared = 0
    for residue in labels.aatype.indices {
      for angle in 0..<2 where labels.backboneTorsionMask[residue * 3 + angle] != 0 {
        #expect(mask[residue * 7 + angle] == 1)
        let (own, theirs) = ((residue * 3 + angle) * 2, (residue * 7 + angle) * 2)
        let found = labels.backboneSineCosine[own..<own + 2]
        let cosine = zip(found, expected[theirs..<theirs + 2]).reduce(0) { $0 + $1.0 * $1.1 }
        #expect(cosine > 1 - 1e-7, "residue \(residue), angle \(angle)")
        compared += 1
      }
      let isFirst =
        residue == 0 || labels.residueIndex[residue] - labels.residueIndex[residue - 1] != 1
      if isFirst { #expect(labels.backboneTorsionMask[residue * 3 + 1] == 0) }
    }
    #expect(compared > labels.count)
  }

  @Test("an ideal chain without oxygens has the torsions that it was built from, psi included")
  func backboneOfChain() {
    let torsions = (0..<5).map { i in
      BackboneTorsions(omega: 3.1, phi: -1.1 - 0.2 * Double(i), psi: 2.3 - 0.9 * Double(i))
    }
    let angle = 111.2 * Double.pi / 180
    let local: [(AtomName, Vector3<Double>)] = [
      (.n, Vector3(1.458 * cos(angle), 1.458 * sin(angle), 0)), (.ca, .zero),
      (.c, Vector3(1.525, 0, 0)),
    ]
    var positions = [Double](repeating: 0, count: 5 * Atom37.count * 3)
    var mask = [Double](repeating: 0, count: 5 * Atom37.count)
    for (i, frame) in BackboneChain.frames(torsions).enumerated() {
      let (q, t) = (frame.quaternion, frame.translation)
      let rigid = RigidTransform(
        quaternion: q[0], q[1], q[2], q[3], translation: Vector3(t[0], t[1], t[2]))
      for (atom, point) in local.map({ ($0.0, rigid.apply(to: $0.1)) }) {
        let place = i * Atom37.count + atom.index
        mask[place] = 1
        positions.replaceSubrange(place * 3..<place * 3 + 3, with: [point.x, point.y, point.z])
      }
    }
    let labels = StructureLabels(
      aatype: [0, 7, 3, 14, 19], residueIndex: [1, 2, 3, 4, 6], positions: positions, mask: mask,
      resolution: 2)
    #expect(labels.backboneTorsionMask == [0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0])
    for i in 0..<3 {
      let psi = (0..<2).map { labels.backboneSineCosine[(i * 3 + 2) * 2 + $0] }
      #expect(abs(psi[0] - sin(torsions[i].psi)) < 1e-6)
      #expect(abs(psi[1] - cos(torsions[i].psi)) < 1e-6)
    }
  }

  @Test("chi angles are DeepMind's, as unit vectors")
  func chi() throws {
    expectClose(labels.chiMask, try fixture.label("chi_mask"), tolerance: 0)
    for (k, angle) in try fixture.label("chi_angles").enumerated() where labels.chiMask[k] > 0 {
      let difference = Angle(labels.chiSineCosine[2 * k], labels.chiSineCosine[2 * k + 1])
      #expect(difference.distance(to: angle) < 1e-9, "chi \(k)")
    }
  }

  @Test("atoms placed from torsions and frames give those torsions back")
  func placementInvertsTorsions() throws {
    let inputs = try fixture.lossInputs(Double.self)
    let types = labels.aatype.filter { $0 < 20 }
    let torsions = (0..<types.count * 7).flatMap { k -> [Double] in
      let x = inputs.torsions[0].normalized
      let length = (x[2 * k] * x[2 * k] + x[2 * k + 1] * x[2 * k + 1]).squareRoot()
      return [x[2 * k] / length, x[2 * k + 1] / length]
    }
    let backbone = labels.backboneFrames.prefix(types.count).map {
      RigidTransform(rotation: .identity, translation: $0.translation)
    }
    let frames = AtomPlacement.groupFrames(
      aatype: types, backbone: Array(backbone), torsions: torsions)
    let atoms = AtomPlacement.atom37Positions(
      aatype: types, atom14: AtomPlacement.atom14Positions(aatype: types, frames: frames))
    let exists = atoms.chunks(of: 3).map { $0 == [0, 0, 0] ? 0.0 : 1.0 }
    let found = TorsionAngles(aatype: types, positions: atoms, mask: exists)
    for k in 0..<types.count * 7 where k % 7 >= 2 && found.mask[k] > 0 {
      // Ideal geometry is given to 10⁻³ Å, and the angle's atoms are those of the tables.
      #expect(abs(found.sineCosine[2 * k] - torsions[2 * k]) < 5e-3, "torsion \(k % 7)")
      #expect(abs(found.sineCosine[2 * k + 1] - torsions[2 * k + 1]) < 5e-3, "torsion \(k % 7)")
    }
  }

  @Test("group frames and atoms of the last layer equal DeepMind's")
  func placement() throws {
    let inputs = try fixture.lossInputs(Double.self)
    let last = try #require(inputs.backbone.last)
    let torsions = try #require(inputs.torsions.last)
    let frames = AtomPlacement.groupFrames(
      aatype: labels.aatype, backbone: last, torsions: torsions.normalized)
    expectClose(
      frames.flatMap(\.flat12), inputs.groupFrames.flatMap(\.flat12), tolerance: 1e-6)
    expectClose(
      AtomPlacement.atom14Positions(aatype: labels.aatype, frames: frames), inputs.atom14Positions,
      tolerance: 1e-6)
  }
}

/// An angle as sine and cosine.
struct Angle {
  let sine, cosine: Double
  init(_ sine: Double, _ cosine: Double) { (self.sine, self.cosine) = (sine, cosine) }
  /// Chord between this angle and one in radians.
  func distance(to radians: Double) -> Double {
    let (s, c) = (sin(radians), cos(radians))
    return ((sine - s) * (sine - s) + (cosine - c) * (cosine - c)).squareRoot()
  }
}
