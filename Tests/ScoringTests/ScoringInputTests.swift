import Foundation
import NumericArrays
import Protein
import Scoring
import Testing

@Suite struct ScoringInputTests {
  let reference: Structure

  init() throws { reference = try Fixture.structure("4cup_A.pdb.gz") }

  private func changed(_ body: (inout Chain) -> Void) -> Structure {
    var structure = reference
    body(&structure.models[0].chains[0])
    return structure
  }

  private func message(_ model: Structure, _ reference: Structure) -> String? {
    let error = #expect(throws: ScoringError.self) {
      try ScoreReport(model: model, reference: reference)
    }
    return error?.description
  }

  @Test("a model without C-alphas is refused")
  func noAlphaCarbon() {
    let model = changed { chain in
      for r in chain.residues.indices { chain.residues[r].atoms.removeAll { $0.name == "CA" } }
    }
    #expect(
      message(model, reference)
        == "the model's chain 'A' has no C-alpha (atom CA); all scores need them")
  }

  @Test("an empty chain is refused, as model and as reference")
  func emptyChain() {
    let empty = changed { $0.residues = [] }
    #expect(message(empty, reference) == "the model has no amino acid")
    #expect(message(reference, empty) == "the reference has no amino acid")
  }

  // The last five residues are 200000, 200000A … D in the reference and go on counting in the model.
  @Test("residues that only one side gives insertion codes have partners")
  func insertionCodes() throws {
    let last = reference.models[0].chains[0].residues.count - 5
    let native = changed { chain in
      for place in 0..<5 {
        chain.residues[last + place].number = 200_000
        chain.residues[last + place].insertionCode =
          place == 0 ? nil : Character(UnicodeScalar(UInt8(64 + place)))
      }
    }
    let matching = try ResidueMatching(
      model: reference.models[0].chains[0], reference: native.models[0].chains[0])
    #expect(matching.method == .alignment)
    #expect(matching.matchedIndices.count == last + 5 && matching.mismatches.isEmpty)
  }

  // Eight residues of the reference are a linker of glycines and serines with numbers of its own.
  @Test("residues that only the reference has get no partners of other types")
  func linker() throws {
    let native = changed { chain in
      for place in 0..<8 {
        chain.residues[40 + place].number = 100_001 + place
        chain.residues[40 + place].name = place % 2 == 0 ? "GLY" : "SER"
      }
    }
    let matching = try ResidueMatching(
      model: reference.models[0].chains[0], reference: native.models[0].chains[0])
    #expect(matching.method == .numbers && matching.mismatches.isEmpty)
    #expect(matching.matchedIndices.count == reference.models[0].chains[0].residues.count - 8)
  }

  @Test("different sequences are refused with the numbers")
  func differentSequences() throws {
    let other = try Fixture.structure("6wqa_A.pdb.gz")
    #expect(message(other, reference)?.hasPrefix("different sequences: of 391 residues") == true)
  }

  // The model begins with what the native ends with.
  @Test(
    "half of the residues must be of one kind, rounded up",
    arguments: [
      (2, 1, true), (3, 1, false), (3, 2, true), (4, 2, true), (5, 2, false), (5, 3, true),
    ])
  func halfIdentical(_ count: Int, _ identical: Int, _ isAccepted: Bool) {
    func structure(_ names: [String]) -> Structure {
      let residues = names.enumerated().map { index, name in
        Residue(
          name: name, number: index + 1,
          atoms: [Atom(name: "CA", element: "C", position: SIMD3(3.8 * Double(index), 0, 0))])
      }
      return Structure(models: [Model(chains: [Chain(id: "A", residues: residues)])])
    }
    let common = Array(["GLY", "ALA", "VAL"].prefix(identical))
    func others(_ name: String) -> [String] {
      [String](repeating: name, count: count - identical)
    }
    let report = try? ScoreReport(
      model: structure(common + others("TRP")), reference: structure(others("SER") + common))
    #expect((report != nil) == isAccepted)
  }

  @Test("of chains that fit alike the first counts, and a name of the dictionary names one as well")
  func equalChains() throws {
    let chain = reference.models[0].chains[0]
    let copies = zip(["P", "Q"], ["A", "B"]).map { name, label in
      Chain(id: name, labelID: label, residues: chain.residues)
    }
    let dimer = Structure(models: [Model(chains: copies)])
    let report = try ScoreReport(model: dimer, reference: dimer)
    #expect(report.modelChain == "P" && report.referenceChain == "P")
    let named = try ScoreReport(
      model: dimer, reference: dimer, modelChain: "B", referenceChain: "Q")
    #expect(named.modelChain == "Q" && named.referenceChain == "Q")
    let error = #expect(throws: ScoringError.self) {
      try ScoreReport(model: dimer, reference: dimer, modelChain: "C")
    }
    #expect(error == .noSuchChain(.model, wanted: "C", present: ["P", "Q"]))
  }

  @Test("coordinates that are no numbers are refused", arguments: [Double.nan, .infinity, 1e300])
  func notFinite(_ value: Double) {
    let model = changed { $0.residues[3].atoms[2].position.y = value }
    #expect(message(model, reference)?.contains("has a coordinate that is no number") == true)
  }

  @Test("coordinates far beyond any molecule are refused in residues without a CA too")
  func farWithoutAlpha() {
    let model = changed { chain in
      chain.residues[3].atoms.removeAll { $0.name == "CA" }
      chain.residues[3].atoms[0].position.x = 1e308
      chain.residues[3].atoms[1].position.x = -1e308
    }
    #expect(message(model, reference)?.contains("has a coordinate that is no number") == true)
  }

  @Test("an unknown chain name lists those that exist")
  func chains() {
    #expect(throws: ScoringError.noSuchChain(.model, wanted: "Q", present: ["A"])) {
      try ScoreReport(model: reference, reference: reference, modelChain: "Q")
    }
  }

  @Test(
    "domains are comma separated ranges, with + between segments",
    arguments: ["", "a", "1-", "5-2", "1-2,", "1-2++3-4", "-", "99999999999999999999-1"])
  func badRanges(_ text: String) {
    #expect(throws: ScoringError.badRange(text)) { try DomainRange.parse(text) }
  }

  @Test("negative residue numbers are allowed in domains")
  func negativeRange() throws {
    let ranges = try DomainRange.parse("-5--2, 3 ,-1-4").map(\.ranges)
    #expect(ranges == [[-5...(-2)], [3...3], [-1...4]])
  }

  @Test("a domain outside the reference is left out with a note, and the others are scored")
  func emptyDomain() throws {
    let numbers = try ScoreReport(model: reference, reference: reference).matching.reference
      .map(\.number)
    let (first, last) = (numbers[0], numbers[numbers.count - 1])
    let report = try ScoreReport(
      model: reference, reference: reference,
      domains: try DomainRange.parse("9000-9001,\(first)-\(first + 9)"))
    #expect(report.domains.map(\.domain.name) == ["D2"])
    #expect(
      report.warnings == [
        "domain D1 (9000-9001) holds no residue of the reference; its chain 'A' is numbered \(first) to \(last); it is left out"
      ])
  }

  @Test("a domain that reaches beyond the reference is told, one within it is not")
  func wideDomain() throws {
    let numbers = try ScoreReport(model: reference, reference: reference).matching.reference
      .map(\.number)
    let (first, last) = (try #require(numbers.min()), try #require(numbers.max()))
    func warnings(_ range: String) throws -> [String] {
      try ScoreReport(
        model: reference, reference: reference, domains: try DomainRange.parse(range)
      ).warnings
    }
    #expect(try warnings("\(first)-\(last)").isEmpty)
    #expect(
      try warnings("\(first + 3)-\(last + 40)")
        == ["D1 (\(first + 3)-\(last + 40)) reaches beyond the residues \(first) to \(last)"])
  }

  @Test("a model of C-alphas is told, and one whose atoms lie in one place is no mirror image")
  func poorModels() throws {
    let alphas = changed { chain in
      for index in chain.residues.indices {
        chain.residues[index].atoms.removeAll { $0.name != "CA" }
      }
    }
    let report = try ScoreReport(model: alphas, reference: reference)
    #expect(report.warnings.contains { $0.contains("C-alphas only") })
    #expect(report.whole.lddtAlpha.score == 1)
    let point = changed { chain in
      for index in chain.residues.indices {
        for atom in chain.residues[index].atoms.indices {
          chain.residues[index].atoms[atom].position = .zero
        }
      }
    }
    let quality = try ScoreReport(model: point, reference: reference).quality
    #expect(quality.chiralCount == 0 && !quality.isMirrorImage)
  }

  @Test("JSON has every key, null where there is no value")
  func jsonKeys() throws {
    let small = changed { $0.residues = Array($0.residues.prefix(1)) }
    let document = ScoreDocument(try ScoreReport(model: small, reference: small), perResidue: true)
    let data = try JSONEncoder().encode(document)
    let text = String(decoding: data, as: UTF8.self)
    #expect(document.scores[0].gdtFractions.map(\.cutoff) == [0.5, 1, 2, 4, 8])
    for key in ["tm_score", "gdt_ts", "gdt_ha", "gdt_fractions", "matched_by", "model_chain"] {
      #expect(text.contains("\"\(key)\":"), "\(text)")
    }
    for key in ["\"lddt_ca\":null", "\"ranges\":null"] { #expect(text.contains(key), "\(text)") }
    #expect(try JSONDecoder().decode(ScoreDocument.self, from: data) == document)
  }

  @Test("a chain without a name is called so")
  func unnamedChain() throws {
    let report = try ScoreReport(model: changed { $0.id = " " }, reference: reference)
    #expect(
      report.text().hasPrefix("unnamed chain of the model against chain 'A' of the reference\n"))
  }

  @Test("one, two and three residues are scored", arguments: [1, 2, 3])
  func tiny(_ count: Int) throws {
    let small = changed { $0.residues = Array($0.residues.prefix(count)) }
    let scores = try ScoreReport(model: small, reference: small).whole
    #expect(abs(scores.superposed.tmScore.value - 1) < 1e-9)
    #expect(scores.superposed.gdtTS == 1)
    #expect((scores.lddtAlpha.score == nil) == (count == 1))
  }

  @Test("a mutated residue and an insertion in the model are reported, not refused")
  func mutation() throws {
    let model = changed { chain in
      chain.residues[10].name = "TRP"
      var inserted = chain.residues[20]
      inserted.name = "GLY"
      inserted.insertionCode = "A"
      chain.residues.insert(inserted, at: 21)
    }
    let report = try ScoreReport(model: model, reference: reference)
    #expect(report.matching.mismatches.count == 1)
    #expect(report.warnings.contains("the reference lacks 1 residue of the model"))
    #expect(report.whole.matchedResidues == report.whole.referenceResidues)
  }

  @Test("a model of unknown residues is matched by its numbers, and none is a mismatch")
  func unknownResidues() throws {
    let model = changed { chain in
      for r in chain.residues.indices { chain.residues[r].name = "UNK" }
    }
    let report = try ScoreReport(model: model, reference: reference)
    #expect(report.matching.method == .numbers && report.matching.mismatches.isEmpty)
    #expect(abs(report.whole.superposed.tmScore.value - 1) < 1e-9)
  }

  @Test("a free amino acid beside the chain is no residue of it")
  func ligand() throws {
    let other = changed { chain in
      var ligand = chain.residues[3]
      ligand.number = 901
      ligand.isHetero = true
      ligand.isNonPolymer = true
      chain.residues.append(ligand)
    }
    let report = try ScoreReport(model: reference, reference: other)
    #expect(abs(report.whole.superposed.tmScore.value - 1) < 1e-9)
    #expect(report.whole.coverage == 1)
  }

  @Test("names from files reach a terminal without line ends and commands")
  func printableNames() throws {
    let strange = changed { chain in
      chain.id = "\u{7}"
      chain.residues[3].name = "A\u{1B}["
    }
    let text = try ScoreReport(model: strange, reference: strange).text(perResidue: true)
    let allowed: Set<Unicode.Scalar> = ["\n", "\t"]
    #expect(text.unicodeScalars.allSatisfy { $0.value >= 0x20 || allowed.contains($0) })
    let error = ScoringError.noSuchChain(.model, wanted: "a\n\u{1B}[31m", present: ["\u{7}"])
    #expect(error.description.unicodeScalars.allSatisfy { $0.value >= 0x20 })
  }

  @Test("residues missing at a chain break are placed at the break by the aligner")
  func alignedGap() throws {
    let gapped = changed { chain in
      chain.residues.removeSubrange(40..<55)
      for r in chain.residues.indices { chain.residues[r].number = 2 * r + 1000 }
    }
    let report = try ScoreReport(model: reference, reference: gapped)
    #expect(abs(report.whole.superposed.tmScore.value - 1) < 1e-9)
    #expect(report.whole.lddt.score == 1)
  }

  @Test("a bond pulled apart is broken; a gap in the numbers is none")
  func brokenBonds() throws {
    let clean = try ScoreReport(model: reference, reference: reference).quality
    #expect(clean.brokenBonds.isEmpty && clean.bondCount > 100)
    let pulled = changed { chain in
      for atom in chain.residues[5].atoms.indices where chain.residues[5].atoms[atom].name == "N" {
        chain.residues[5].atoms[atom].position.x += 0.5
      }
    }
    let quality = try ScoreReport(model: pulled, reference: reference).quality
    #expect(quality.brokenBonds.count == 1 && quality.bondCount == clean.bondCount)
    let gapped = changed { $0.residues.removeSubrange(40..<45) }
    let rest = try ScoreReport(model: gapped, reference: reference).quality
    #expect(rest.brokenBonds.isEmpty && rest.bondCount == clean.bondCount - 6)
  }

  @Test("two atoms in one place are a clash; bonded neighbours are none")
  func clashes() throws {
    let clean = try ScoreReport(model: reference, reference: reference).quality
    #expect(clean.clashCount == 0 && clean.wrongHand.isEmpty)
    let model = changed { $0.residues[5].atoms[1].position = $0.residues[60].atoms[1].position }
    let report = try ScoreReport(model: model, reference: reference)
    #expect(report.quality.clashCount > 0)
    #expect(report.quality.worstClashes.first?.distance == 0)
  }

  // The spheres of two sulfurs at the length of a disulfide, 2.03 Å, overlap by 1.57 Å.
  @Test("sulfurs of two cysteines are a bond where they are not too near, of any other two a clash")
  func disulfide() {
    func count(
      _ first: (String, String), _ second: (String, String), apart distance: Double = 2.03
    ) -> Int {
      ModelQuality(
        [first, second].enumerated().map { index, atom in
          Residue(
            name: atom.0, number: 5 * index,
            atoms: [
              Atom(name: atom.1, element: "S", position: SIMD3(distance * Double(index), 0, 0))
            ])
        }
      ).clashCount
    }
    #expect(count(("CYS", "SG"), ("CYS", "SG")) == 0)
    #expect(count(("CYS", "SG"), ("CYS", "SG"), apart: 0.9) == 1)
    #expect(count(("CYS", "SG"), ("MET", "SD")) == 1)
    #expect(count(("MET", "SD"), ("MET", "SD")) == 1)
  }

  @Test("a model is a mirror image if nine of ten residues have the wrong hand")
  func hands() {
    func residues(_ signs: [Double]) -> [Residue] {
      signs.enumerated().map { index, sign in
        let places: [(String, SIMD3<Double>)] = [
          ("N", [1.46, 0, 0]), ("CA", [0, 0, 0]), ("C", [-0.55, 1.42, 0]),
          ("CB", [-0.53, -0.77, 1.2 * sign]),
        ]
        return Residue(
          name: "ALA", number: 10 * index,
          atoms: places.map { name, place in
            Atom(
              name: name, element: String(name.prefix(1)),
              position: place + SIMD3(0, 0, 20 * Double(index)))
          })
      }
    }
    // (N − CA) × (C − CA) points along z, and CB of an L amino acid lies on that side.
    #expect(ModelQuality(residues([1, 1, 1])).wrongHand.isEmpty)
    #expect(ModelQuality(residues([1, -1, 1])).wrongHand == ["ALA 10"])
    #expect(!ModelQuality(residues([1, -1, -1])).isMirrorImage)
    #expect(ModelQuality(residues([1] + [Double](repeating: -1, count: 9))).isMirrorImage)
    #expect(!ModelQuality([]).isMirrorImage)
  }

  @Test("many wrong hands are a note, but no mirror image")
  func someHands() throws {
    let flipped = changed { chain in
      for index in chain.residues.indices.prefix(40) {
        let atoms = chain.residues[index].atoms
        func place(_ name: String) -> SIMD3<Double>? { atoms.first { $0.name == name }?.position }
        guard let ca = place("CA"), let n = place("N"), let c = place("C"),
          let beta = atoms.firstIndex(where: { $0.name == "CB" })
        else { continue }
        // CB on the other side of the plane of N, C-alpha and C.
        let (u, v) = (n - ca, c - ca)
        let normal = SIMD3(
          u.y * v.z - u.z * v.y, u.z * v.x - u.x * v.z, u.x * v.y - u.y * v.x)
        let height = ((atoms[beta].position - ca) * normal).sum() / (normal * normal).sum()
        chain.residues[index].atoms[beta].position -= 2 * height * normal
      }
    }
    let report = try ScoreReport(model: flipped, reference: reference)
    let (wrong, all) = (report.quality.wrongHand.count, report.quality.chiralCount)
    #expect(wrong > 30 && wrong < all)
    #expect(
      report.warnings.contains(
        "\(wrong) of \(all) residues have the wrong hand; lDDT cannot see that"))
  }

  @Test("all overlaps are counted and the five worst listed, equal ones in the order of the chain")
  func worstClashes() {
    // Pairs of C-alphas far from all others; the last overlap most.
    let distances = [Double](repeating: 1, count: 12) + [1.5, 0.25, 0.5]
    let residues = distances.enumerated().flatMap { index, distance in
      [0, distance].enumerated().map { side, x in
        Residue(
          name: "ALA", number: 2 * index + side,
          atoms: [
            Atom(name: "CA", element: "C", position: SIMD3(100 * Double(index) + x, 0, 0))
          ])
      }
    }
    let quality = ModelQuality(residues)
    #expect(quality.clashCount == 15)
    #expect(quality.worstClashes.map(\.distance) == [0.25, 0.5] + [Double](repeating: 1, count: 3))
    #expect(
      quality.worstClashes.map(\.first)
        == ([13, 14] + Array(0..<3)).map { "ALA \(2 * $0) CA" })
  }

  @Test("scores do not change when the model is moved as a rigid body")
  func invariance() throws {
    let chain = try #require(reference.models.first?.chains.first)
    var random = SplitMix64(seed: 7)
    let noisy = GridModel(
      structure: "", kind: "", seed: 5, noise: 1, hinges: [], drop: [], mirror: false, swap: false,
      offset: 0, tm: 0, gdtTS: 0, gdtHA: 0, lddt: 0, lddtCA: 0
    ).apply(to: chain)
    let r = random.rotation()
    var moved = noisy
    for i in moved.residues.indices {
      for a in moved.residues[i].atoms.indices {
        let p = moved.residues[i].atoms[a].position
        for k in 0..<3 {
          moved.residues[i].atoms[a].position[k] =
            r[k][0] * p.x + r[k][1] * p.y + r[k][2] * p.z + Double(100 * k - 50)
        }
      }
    }
    let before = try ScoreReport(
      model: Structure(models: [Model(chains: [noisy])]), reference: reference
    ).whole
    let after = try ScoreReport(
      model: Structure(models: [Model(chains: [moved])]), reference: reference
    ).whole
    #expect(abs(before.superposed.tmScore.value - after.superposed.tmScore.value) < 1e-5)
    #expect(before.lddt.score == after.lddt.score)
    #expect(abs((before.rmsd?.value ?? 0) - (after.rmsd?.value ?? 1)) < 1e-9)
  }
}
