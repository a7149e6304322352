import FoldingCore
import Protein
import TestSupport
import Testing

@Suite("Derivative of the placement of atoms")
struct AtomPlacementGradientTests {
  /// Every residue type, each with a frame that is no rotation: entries of matrices count as independent.
  struct Residues {
    let aatype = Array(0...20)
    let backbone, torsions, frameWeights, atomWeights: [Double]

    init() {
      func random(_ count: Int, _ name: String) -> [Double] {
        randomArray([count], name).values.map { Double($0) }
      }
      backbone = random(21 * 12, "backbone")
      torsions = random(21 * 14, "torsions")
      frameWeights = random(21 * 8 * 12, "frame weights")
      atomWeights = random(21 * 14 * 3, "atom weights")
    }

    /// A linear functional of all group frames and atoms.
    func loss(backbone: [Double], torsions: [Double]) -> Double {
      let groups = AtomPlacement.groupFrames(
        aatype: aatype, backbone: rigids(backbone), torsions: torsions)
      let atoms = AtomPlacement.atom14Positions(aatype: aatype, frames: groups)
      let frames = groups.flatMap { $0.flat12 }
      return zip(frames, frameWeights).reduce(0) { $0 + $1.0 * $1.1 }
        + zip(atoms, atomWeights).reduce(0) { $0 + $1.0 * $1.1 }
    }

    func rigids(_ flat: [Double]) -> [RigidTransform<Double>] {
      stride(from: 0, to: flat.count, by: 12).map { RigidTransform(flat12: flat, at: $0) }
    }
  }

  /// The placement is linear in each number by itself, so that the quotients are exact up to rounding.
  @Test("equals 4-point differences for every entry of frames and torsions of every residue type")
  func differences() {
    let residues = Residues()
    let found = AtomPlacement.backward(
      aatype: residues.aatype, backbone: residues.rigids(residues.backbone),
      torsions: residues.torsions,
      frameGradients: residues.rigids(residues.frameWeights).map {
        RigidGradient(rotation: $0.rotation, translation: $0.translation)
      }, positionGradients: residues.atomWeights)
    let backbone = found.backbone.flatMap(\.flat12)
    check(backbone, at: residues.backbone) {
      residues.loss(backbone: $0, torsions: residues.torsions)
    }
    check(found.torsions, at: residues.torsions) {
      residues.loss(backbone: residues.backbone, torsions: $0)
    }
  }

  private func check(_ found: [Double], at x: [Double], _ loss: ([Double]) -> Double) {
    let step = 1e-3
    let scale = found.reduce(0) { max($0, abs($1)) }
    for k in x.indices {
      func value(_ steps: Double) -> Double {
        var moved = x
        moved[k] += steps * step
        return loss(moved)
      }
      let quotient = (value(-2) - 8 * value(-1) + 8 * value(1) - value(2)) / (12 * step)
      #expect(abs(quotient - found[k]) <= 1e-6 * scale, "number \(k)")
    }
  }
}
