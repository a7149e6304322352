import Protein
import Scoring
import Testing

/// Whether residues are matched by number or by alignment.
@Suite struct ResidueMatchingTests {
  private let chain: Chain

  init() throws {
    chain = try #require(Fixture.structure("4cup_A.pdb.gz").models.first?.chains.first)
  }

  private func changed(_ body: (inout [Residue]) -> Void) -> Chain {
    var result = chain
    body(&result.residues)
    return result
  }

  @Test("parts of a chain that overlap by enough residues are matched by their numbers")
  func overlap() throws {
    let first = changed { $0 = Array($0.prefix(80)) }
    for (start, count) in [(55, 25), (70, 10)] {
      let second = changed { $0 = Array($0[start...]) }
      for (model, reference) in [(first, second), (second, first)] {
        let matching = try ResidueMatching(model: model, reference: reference)
        #expect(matching.method == .numbers && matching.matchedIndices.count == count)
        for index in matching.matchedIndices {
          #expect(matching.model[index] == matching.reference[index])
        }
      }
    }
    let end = changed { $0 = Array($0[71...]) }
    let error = #expect(throws: ScoringError.self) {
      try ResidueMatching(model: first, reference: end)
    }
    #expect(error?.description.contains("only 9 correspond by number and ") == true)
  }

  @Test("where a number repeats on either side the sequences are aligned")
  func repeatedNumber() throws {
    let repeated = changed { $0[10].number = $0[9].number }
    for (model, reference) in [(chain, repeated), (repeated, chain)] {
      let matching = try ResidueMatching(model: model, reference: reference)
      #expect(matching.method == .alignment)
      #expect(zip(matching.model, matching.reference).allSatisfy { $0?.atoms == $1.atoms })
    }
  }

  @Test("replaced residues keep their numbers", arguments: [20, 10, 3])
  func replaced(_ step: Int) throws {
    let model = changed { residues in
      for place in stride(from: 4, to: residues.count, by: step) { residues[place].name = "TRP" }
    }
    let report = try ScoreReport(
      model: Structure(models: [Model(chains: [model])]),
      reference: Structure(models: [Model(chains: [chain])]))
    #expect(report.matching.method == .numbers && !report.matching.mismatches.isEmpty)
    #expect(report.whole.superposed.gdtHA == 1)
    #expect(!report.warnings.contains { $0.contains("numbers") })
  }

  @Test("where too few residues are of one type, both counts are told")
  func alanines() throws {
    let model = changed { residues in
      for place in residues.indices { residues[place].name = "ALA" }
    }
    let error = #expect(throws: ScoringError.self) {
      try ResidueMatching(model: model, reference: chain)
    }
    let count = chain.residues.count { $0.aminoAcid == .alanine }
    #expect(error?.description.contains("only \(count) correspond by number and ") == true)
  }

  @Test("numbers that are off by one from some residue on are not trusted")
  func shifted() throws {
    let native = changed { $0 = Array($0.prefix(40)) }
    var model = native
    for place in 34..<40 { model.residues[place].number += 1 }
    let matching = try ResidueMatching(model: model, reference: native)
    #expect(matching.method == .alignment && matching.mismatches.isEmpty)
    #expect(matching.matchedIndices.count == 40)
  }
}
