import Protein
import Testing

@testable import Scoring

/// What is compared with what, where files leave a choice.
@Suite("Choices of scoring")
struct ScoringChoiceTests {
  private let reference: Structure

  init() throws { reference = try Fixture.structure("1a8o_A.pdb.gz") }

  private func changed(_ change: (inout Chain) -> Void) -> Structure {
    var result = reference
    change(&result.models[0].chains[0])
    return result
  }

  @Test("OXT of the reference does not count where the model has none, as no network predicts it")
  func terminalOxygen() throws {
    let last = try #require(reference.models[0].chains[0].residues.last)
    let c = try #require(last.atoms.first { $0.name == "C" }).position
    let ended = changed { chain in
      let place = chain.residues.count - 1
      chain.residues[place].atoms.removeAll { $0.name == "OXT" }
      chain.residues[place].atoms.append(
        Atom(name: "OXT", element: "O", position: c + SIMD3(1.2, 0, 0)))
    }
    let bare = changed { chain in
      chain.residues[chain.residues.count - 1].atoms.removeAll { $0.name == "OXT" }
    }
    let report = try ScoreReport(model: bare, reference: ended)
    #expect(report.whole.lddt.score == 1)
    let both = try ScoreReport(model: ended, reference: ended).whole.lddt
    #expect(both.score == 1 && both.pairCount > report.whole.lddt.pairCount)
    #expect(report.warnings.allSatisfy { !$0.contains("atoms") })
  }

  @Test("of chains of one sequence the nearest is compared, in whatever order they stand")
  func homodimer() throws {
    let chain = reference.models[0].chains[0]
    var other = chain
    other.id = "B"
    for residue in other.residues.indices {
      for atom in other.residues[residue].atoms.indices {
        other.residues[residue].atoms[atom].position.x += 6 * Double(residue % 5)
      }
    }
    for chains in [[chain, other], [other, chain]] {
      let dimer = Structure(models: [Model(chains: chains)])
      let found = try ScoreReport(model: reference, reference: dimer)
      #expect(found.referenceChain == chain.id && found.whole.lddt.score == 1)
      let back = try ScoreReport(model: dimer, reference: reference)
      #expect(back.modelChain == chain.id && back.whole.lddt.score == 1)
    }
  }

  @Test("bonds of residues with insertion codes are measured")
  func insertionCodes() throws {
    let plain = try ScoreReport(model: reference, reference: reference).quality
    let coded = changed { chain in
      // 10, 10A, 10B, 10C, then on from 11.
      let first = chain.residues[10].number
      for (place, code) in [(11, "A"), (12, "B"), (13, "C")] {
        chain.residues[place].number = first
        chain.residues[place].insertionCode = Character(code)
      }
      for place in 14..<chain.residues.count { chain.residues[place].number -= 3 }
    }
    let quality = ModelQuality(coded.models[0].chains[0].residues)
    #expect(quality.bondCount == plain.bondCount && quality.brokenBonds.isEmpty)
  }

  @Test("bonds are found in whatever order residues stand", arguments: [1, 7])
  func unordered(_ step: Int) throws {
    let plain = try ScoreReport(model: reference, reference: reference).quality
    #expect(plain.bondCount > 50)
    let other = changed { chain in
      let sorted = chain.residues
      chain.residues = (0..<step).flatMap { first in
        stride(from: first, to: sorted.count, by: step).reversed().map { sorted[$0] }
      }
    }
    #expect(other != reference)
    let quality = ModelQuality(other.models[0].chains[0].residues)
    #expect(quality.bondCount == plain.bondCount)
    #expect(quality.brokenBonds.count == plain.brokenBonds.count)
    #expect(quality.clashCount == plain.clashCount)
  }

  @Test("missing atoms, modified residues and alternate locations of the model are told")
  func notes() throws {
    let backbone = changed { chain in
      for place in chain.residues.indices {
        chain.residues[place].atoms.removeAll { !["N", "CA", "C", "O", "CB"].contains($0.name) }
      }
    }
    let bare = try ScoreReport(model: backbone, reference: reference)
    #expect(
      bare.warnings.contains { $0.hasPrefix("the model lacks ") && $0.contains(" atoms of ") })
    let modified = changed { chain in
      let place = chain.residues.firstIndex { $0.name == "ALA" } ?? 0
      chain.residues[place].name = "DAL"
      chain.residues[0].atoms[0].alternateLocation = "A"
    }
    let lines = try ScoreReport(model: modified, reference: reference).warnings
    #expect(lines.contains("modified residues count as their parents: DAL, MSE"), "\(lines)")
    #expect(!lines.contains { $0.contains("unknown") })
    #expect(
      lines.contains("alternate locations in 1 residue of the model; the most occupied count"))
  }

  @Test("unknown residues are told for themselves")
  func unknownNote() throws {
    let unknown = changed { chain in
      for (place, name) in [(5, "UNK"), (9, "XYZ")] { chain.residues[place].name = name }
    }
    let lines = try ScoreReport(model: unknown, reference: reference).warnings
    #expect(lines.contains("modified residues count as their parents: MSE"), "\(lines)")
    #expect(lines.contains("of unknown type, which fits any: UNK, XYZ"), "\(lines)")
  }

  @Test("CD of isoleucine, as CHARMM calls it, is CD1")
  func charmm() throws {
    let renamed = changed { chain in
      for place in chain.residues.indices where chain.residues[place].name == "ILE" {
        for atom in chain.residues[place].atoms.indices
        where chain.residues[place].atoms[atom].name == "CD1" {
          chain.residues[place].atoms[atom].name = "CD"
        }
      }
    }
    #expect(renamed != reference)
    #expect(try ScoreReport(model: renamed, reference: reference).whole.lddt.score == 1)
  }
}
