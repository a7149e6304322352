import Protein
import Testing

@testable import Scoring

/// Chain A of PDB entry 2GTL and models made from it, with what TMscore and OpenStructure 2.3.1 say.
///
/// Noise: 0.5 Å per coordinate, NumPy's default_rng(0) (make_reference.py); hinge: the second half turned by 60° about
/// z at the middle residue's first atom; trunc: noise without the first 31 residues; off: noise numbered 10 higher.
@Suite struct TableTests {
  let reference: Structure
  let noise: Structure

  init() throws {
    reference = try Fixture.structure("2gtl_A_full.pdb.gz")
    noise = try Fixture.structure("2gtl_A_noise.pdb.gz")
  }

  private func change(_ structure: Structure, _ body: (inout [Residue]) -> Void) -> Structure {
    var structure = structure
    body(&structure.models[0].chains[0].residues)
    return structure
  }

  private func near(_ value: Double?, _ expected: Double, _ tolerance: Double) -> Bool {
    value.map { abs($0 - expected) <= tolerance } ?? false
  }

  @Test("the reference against itself scores 1 everywhere")
  func identity() throws {
    let scores = try ScoreReport(model: reference, reference: reference).whole
    #expect(scores.lddt.score == 1 && scores.lddtAlpha.score == 1)
    #expect(near(scores.superposed.tmScore.value, 1, 1e-9))
    #expect(scores.superposed.gdtTS == 1 && scores.superposed.gdtHA == 1)
    #expect(near(scores.rmsd?.value, 0, 1e-6))
    #expect(scores.lddt.pairCount == 815_380 / 4)
  }

  @Test("noise of 0.5 Å gives RMSD 0.843, lDDT 0.839 and TM-score 0.967, the reference values")
  func noiseModel() throws {
    let scores = try ScoreReport(model: noise, reference: reference).whole
    #expect(near(scores.rmsd?.value, 0.843, 0.0006))
    #expect(near(scores.lddt.score, 0.8392, 1e-4))
    #expect(near(scores.lddtAlpha.score, 0.8424, 1e-4))
    #expect(near(scores.superposed.tmScore.value, 0.9670, 1e-4))
    // Not below the program's, and hardly above.
    #expect((0.9489...0.955).contains(scores.superposed.gdtTS))
    #expect((0.7635...0.77).contains(scores.superposed.gdtHA))
  }

  @Test("a hinge of 60° costs TM-score and GDT less than a single superposition says")
  func hinge() throws {
    let bent = change(reference) { residues in
      let half = (residues.count + 1) / 2
      let pivot = residues[half].atoms[0].position
      let (s, c) = (0.75.squareRoot(), 0.5)
      for r in half..<residues.count {
        for a in residues[r].atoms.indices {
          let d = residues[r].atoms[a].position - pivot
          residues[r].atoms[a].position =
            SIMD3(c * d.x - s * d.y, s * d.x + c * d.y, d.z) + pivot
        }
      }
    }
    let scores = try ScoreReport(model: bent, reference: reference).whole
    #expect(near(scores.rmsd?.value, 7.098, 0.001))
    #expect(near(scores.lddt.score, 0.7530, 1e-4))
    #expect(near(scores.lddtAlpha.score, 0.7703, 1e-4))
    #expect(near(scores.superposed.tmScore.value, 0.5976, 1e-3))
    #expect(scores.superposed.gdtTS >= 0.5782 - 1e-4)
    #expect(scores.superposed.gdtHA >= 0.5238 - 1e-4)
  }

  @Test("missing residues count as failures")
  func truncated() throws {
    let cut = change(noise) { $0.removeFirst(31) }
    let report = try ScoreReport(model: cut, reference: reference)
    let scores = report.whole
    #expect(scores.matchedResidues == 116 && scores.referenceResidues == 147)
    #expect(near(scores.rmsd?.value, 0.853, 0.0006))
    #expect(near(scores.lddt.score, 0.5657, 1e-4))
    #expect(near(scores.lddtAlpha.score, 0.5703, 1e-4))
    #expect(near(scores.superposed.tmScore.value, 0.7625, 1e-4))
    #expect(scores.superposed.gdtTS >= 0.7466 - 1e-4)
    #expect(scores.superposed.gdtHA >= 0.5986 - 1e-4)
    #expect(report.warnings.contains("the model lacks 31 of 147 residues"))
  }

  @Test("lDDT cannot see a mirror image; TM-score and the chirality check can")
  func mirror() throws {
    let mirrored = change(reference) { residues in
      for r in residues.indices {
        for a in residues[r].atoms.indices { residues[r].atoms[a].position.z *= -1 }
      }
    }
    let report = try ScoreReport(model: mirrored, reference: reference)
    #expect(report.whole.lddt.score == 1)
    #expect(near(report.whole.rmsd?.value, 12.968, 0.001))
    #expect(report.whole.superposed.tmScore.value >= 0.3231 - 1e-4)
    #expect(report.whole.superposed.tmScore.value < 0.34)
    #expect(report.quality.isMirrorImage)
    #expect(report.quality.wrongHand.count == report.quality.chiralCount)
  }

  @Test("names of symmetric atoms do not matter")
  func swapped() throws {
    let renamed = change(reference) { residues in
      for r in residues.indices {
        for a in residues[r].atoms.indices {
          residues[r].atoms[a].name = GridModel.exchanged(
            residues[r].atoms[a].name, in: residues[r].aminoAcid)
        }
      }
    }
    #expect(try ScoreReport(model: renamed, reference: reference).whole.lddt.score == 1)
  }

  @Test("other residue numbers change nothing but add a warning")
  func renumbered() throws {
    let shifted = change(noise) { residues in
      for r in residues.indices { residues[r].number += 10 }
    }
    let plain = try ScoreReport(model: noise, reference: reference)
    let report = try ScoreReport(model: shifted, reference: reference)
    #expect(report.whole == plain.whole)
    #expect(report.matching.method == .alignment)
    #expect(
      report.warnings.contains("residue numbers do not correspond; the sequences were aligned"))
  }

  @Test(
    "the distance scale is USalign's, a half for peptides",
    arguments: [
      (3, 0.5), (12, 0.5), (18, 0.5), (21, 0.5), (22, 0.572), (30, 1.258), (50, 2.256),
      (100, 3.652), (147, 4.514), (500, 7.942),
    ])
  func distanceScale(_ length: Int, _ expected: Double) {
    #expect(abs(SuperpositionSearch.d0(targetLength: length) - expected) < 5e-4)
  }

  @Test("GDT-TS and GDT-HA are means over their own distances")
  func distances() {
    let none = SuperposedValue(value: 0, superposition: .identity)
    func scores(_ values: [Double]) -> SuperpositionScores {
      SuperpositionScores(
        tmScore: none,
        fractions: values.map { SuperposedValue(value: $0, superposition: .identity) })
    }
    let found = scores([0.125, 0.25, 0.5, 0.75, 1])
    #expect(found.gdtTS == 0.625 && found.gdtHA == 0.40625)
  }

  @Test(
    "peptides use d0 = 0.5 up to 21 residues",
    arguments: zip(
      [12, 18, 21, 22, 30, 50, 100, 147, 500],
      [0.5, 0.5, 0.5, 0.572, 1.258, 2.256, 3.652, 4.514, 7.942]))
  func scale(_ length: Int, _ d0: Double) {
    #expect(near(SuperpositionSearch.d0(targetLength: length), d0, 0.0006))
  }

  /// C-alphas on a line, Å.
  private func line(_ places: [Double]) -> [Residue] {
    places.enumerated().map { index, x in
      Residue(
        name: "ALA", number: index + 1,
        atoms: [Atom(name: "CA", element: "C", position: SIMD3(x, 0, 0))])
    }
  }

  @Test(
    "a distance of 15 Å counts, and is kept where it changes by less than 0.5, 1, 2 and 4 Å",
    arguments: zip([0, 0.484375, 0.5, 1, 2, 3.984375, 4, 9], [1, 1, 0.75, 0.5, 0.25, 0.25, 0, 0]))
  func thresholds(_ change: Double, _ score: Double) {
    for other in [15 + change, 15 - change] {
      let found = LocalDistanceDifference(reference: line([0, 15]), model: line([0, other]))
      #expect(found.pairCount == 1 && found.score == score)
    }
    let beyond = LocalDistanceDifference(
      reference: line([0, 15.015625]), model: line([0, 15.015625 + change]))
    #expect(beyond.pairCount == 0 && beyond.score == nil)
  }

  // 0.95 of 19, 21 and 39 residues are 18.05, 19.95 and 37.05.
  @Test(
    "RMSD95 is that of the nearest 95 % of the residues, rounded down",
    arguments: [(19, 1, 1), (20, 1, 1), (21, 2, 2), (39, 2, 2), (20, 2, 1), (40, 3, 2)])
  func nearest(_ count: Int, _ moved: Int, _ leftOut: Int) throws {
    let short = change(reference) { $0 = Array($0.prefix(count)) }
    let model = change(short) { residues in
      for r in 0..<moved {
        for a in residues[5 * r].atoms.indices { residues[5 * r].atoms[a].position.x += 40 }
      }
    }
    let scores = try ScoreReport(model: model, reference: short).whole
    let (all, most) = (try #require(scores.rmsd?.value), try #require(scores.rmsd95?.value))
    #expect(all > 5)
    #expect(moved <= leftOut ? most < 1e-6 : most > 1)
  }

  @Test("a domain is scored as if its residues were the whole reference")
  func domains() throws {
    let ranges = try DomainRange.parse("5-80,90-100+120-151")
    let report = try ScoreReport(model: noise, reference: reference, domains: ranges)
    for domain in report.domains {
      let part = change(reference) { $0.removeAll { !domain.domain.contains($0.number) } }
      let alone = try ScoreReport(model: noise, reference: part)
      #expect(alone.whole == domain.scores)
    }
    #expect(report.domains.map(\.scores.referenceResidues) == [76, 43])
  }
}
