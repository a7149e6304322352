import Foundation
import Protein
import StructureIO
import Testing

/// Which atoms make up a chain, and which chains there are.
@Suite struct ChainReadingTests {
  /// A record of one atom; the chain's name ends in column 22.
  private static func record(
    _ residue: String, _ chain: String, _ number: Int, kind: String = "ATOM",
    location: String = " ", y: Double = 2
  ) -> String {
    let gap = String(repeating: " ", count: 5 - residue.count - chain.count)
    return kind.padding(toLength: 6, withPad: " ", startingAt: 0)
      + "    1  CA \(location)\(residue)\(gap)\(chain)"
      + String(format: "%4d    %8.3f%8.3f   3.000", number, Double(number), y)
  }

  private static func parse(_ lines: [String]) throws -> Structure {
    try StructureFile.parse(Array(lines.joined(separator: "\n").utf8), path: "t.pdb")
  }

  /// An mmCIF file; its rows begin in line 13.
  private static func cif(_ rows: [String]) -> String {
    let items = [
      "group_PDB", "label_atom_id", "label_comp_id", "label_asym_id", "label_seq_id",
      "auth_seq_id", "auth_asym_id", "Cartn_x", "Cartn_y", "Cartn_z",
    ]
    return "data_x\nloop_\n" + items.map { "_atom_site.\($0)\n" }.joined()
      + rows.joined(separator: "\n") + "\n"
  }

  private static func parse(cif rows: [String]) throws -> Structure {
    try StructureFile.parse(Array(cif(rows).utf8), path: "t.cif")
  }

  @Test("hetero atoms are residues of the chain before TER and ligands after it")
  func ligandsAfterTER() throws {
    let structure = try Self.parse([
      Self.record("GLY", "A", 1), Self.record("MSE", "A", 2, kind: "HETATM"),
      Self.record("ALA", "A", 3), "TER", Self.record("ALA", "A", 3, kind: "HETATM"),
      Self.record("GLU", "A", 901, kind: "HETATM"),
    ])
    let chain = try #require(structure.models.first?.chains.first)
    #expect(chain.aminoAcidResidues.map(\.name) == ["GLY", "MSE", "ALA"])
    #expect(chain.residues.map(\.isNonPolymer) == [false, false, false, true, true])
    #expect(chain.residues.allSatisfy { $0.atoms.count == 1 })
    let again = try StructureFile.parse(Array(PDBWriter.text(of: structure).utf8), path: "t")
    #expect(again.models == structure.models)
  }

  @Test("in mmCIF hetero atoms without a place in the polymer are ligands, if places are numbered")
  func ligandsOfMMCIF() throws {
    let rows = ["ATOM CA GLY A 1 1 A 1 2 3", "HETATM CA MSE A 2 2 A 1 2 3"]
    let ligand = "HETATM CA GLU B . 901 A 1 2 3"
    let structure = try Self.parse(cif: rows + [ligand])
    #expect(structure.models[0].chains.map(\.aminoAcidResidues.count) == [2, 0])
    let unnumbered = try Self.parse(cif: ["ATOM CA GLY A . 1 A 1 2 3", ligand])
    #expect(unnumbered.models[0].chains.map(\.aminoAcidResidues.count) == [1, 1])
  }

  // As PyMOL writes them: label_asym_id is the segment, which is empty as a rule.
  @Test("items of one naming that are unknown are those of the other; chains differ by both names")
  func unknownItems() throws {
    let structure = try Self.parse(cif: [
      "ATOM CA GLY . 1 1 A 1 2 3", "ATOM CA ALA . 2 2 B 1 2 3",
    ])
    #expect(structure.models[0].chains.map(\.id) == ["A", "B"])
    let segment = try Self.parse(cif: [
      "ATOM CA GLY S 1 1 A 1 2 3", "ATOM CA ALA S 1 1 B 1 2 3", "HETATM CA GLU T . 901 A 1 2 3",
    ])
    #expect(segment.models[0].chains.map(\.id) == ["A", "B", "A"])
    #expect(segment.models[0].chains.map(\.residues.count) == [1, 1, 1])
    #expect(throws: StructureIOError.self) {
      try Self.parse(cif: ["ATOM CA GLY . 1 1 . 1 2 3"])
    }
  }

  @Test("an atom without any residue number is an error; hetero atoms without one are left out")
  func missingNumber() throws {
    let first = "ATOM CA GLY A 1 1 A 1 2 3"
    let error = #expect(throws: StructureIOError.self) {
      try Self.parse(cif: [first, "ATOM CA ALA A ? ? A 4 5 6"])
    }
    #expect(
      error?.description
        == "t.cif:14: residue number '?' is no whole number of up to nine digits")
    let structure = try Self.parse(cif: [first, "HETATM O HOH B . . A 4 5 6"])
    #expect(structure.models[0].chains.map(\.id) == ["A"])
    #expect(structure.warnings == ["1 hetero atom without a residue number left out"])
  }

  @Test("after TER, numbers that start again begin another chain", arguments: ["A", " "])
  func repeatedNames(_ name: String) throws {
    let part = [Self.record("GLY", name, 1), Self.record("ALA", name, 2), "TER"]
    let water = Self.record("HOH", name, 101, kind: "HETATM")
    let sequences = ["GLY ALA", "ALA GLY"].map { "SEQRES   1 \(name)    2  \($0)" }
    let structure = try Self.parse(sequences + part + part + [water])
    let second = name == " " ? "_2" : "A_2"
    let chains = structure.models[0].chains
    #expect(chains.map(\.id) == [name, second])
    #expect(chains.map { $0.residues.map(\.number) } == [[1, 2], [1, 2, 101]])
    #expect(chains.map(\.polymerSequence) == [["GLY", "ALA"], ["ALA", "GLY"]])
    #expect(
      structure.warnings == [
        "chain '\(name)' begins again; the further chains are called '\(second)'"
      ])
  }

  @Test(
    "without TER, an atom that the chain already has begins another chain",
    arguments: [[("TRP", 2), ("VAL", 3)], [("GLY", 1), ("ALA", 2)], [("GLY", 3), ("TRP", 4)]])
  func missingTER(_ second: [(String, Int)]) throws {
    let first = [("GLY", 1), ("ALA", 2), ("SER", 3), ("LEU", 4)]
    let structure = try Self.parse(
      first.map { Self.record($0, "A", $1) } + second.map { Self.record($0, "A", $1, y: 9) })
    #expect(
      structure.models[0].chains.map { $0.residues.map(\.name) }
        == [first.map(\.0), second.map(\.0)])
    #expect(structure.models[0].chains.map(\.id) == ["A", "A_2"])
    #expect(
      structure.warnings == ["chain 'A' begins again; the further chains are called 'A_2'"])
  }

  @Test("conformers one behind the other, solvent, ions and atoms listed twice begin no chain")
  func noOtherChain() throws {
    let conformers = ["A", "B"].flatMap { location in
      [("GLY", 1), ("ALA", 2)].map { Self.record($0, "A", $1, location: location) }
    }
    let water = Self.record("HOH", "A", 1, kind: "HETATM", y: 9)
    // An ion that a program calls a residue of the protein has an atom CA as well.
    let ion = Self.record("CA", "A", 1, location: "A", y: 8)
    let again = Self.record("GLY", "A", 1, location: "A")
    let structure = try Self.parse(conformers + [water, ion, again])
    let chains = structure.models[0].chains
    #expect(chains.map { $0.residues.map(\.name) } == [["GLY", "ALA", "HOH", "CA"]])
    #expect(Array(chains[0].residues.map(\.atoms.count).dropFirst()) == [2, 1, 1])
    #expect(structure.warnings.isEmpty)
  }

  @Test("residues of mmCIF to which authors give one number are told apart by their places")
  func equalNumbers() throws {
    let structure = try Self.parse(cif: [
      "ATOM CA GLY A 1 7 A 1 2 3", "ATOM CA GLY A 2 7 A 4 5 6", "ATOM CB ALA A 3 8 A 4 5 6",
      "ATOM CA ALA A 3 8 A 4 5 6",
    ])
    let residues = structure.models[0].chains[0].residues
    #expect(residues.map(\.polymerIndex) == [1, 2, 3])
    #expect(residues.map(\.atoms.count) == [1, 1, 2])
  }

  @Test("TER within a chain whose numbers go on divides nothing")
  func brokenChain() throws {
    let structure = try Self.parse([
      Self.record("GLY", "A", 1), "TER", Self.record("ALA", "A", 5), "TER",
    ])
    #expect(structure.models[0].chains.map { $0.residues.map(\.number) } == [[1, 5]])
    #expect(structure.warnings.isEmpty)
  }

  @Test("column 21 holds the first of two letters of a chain, or the fourth of a residue's name")
  func column21() throws {
    let wide = try Self.parse([Self.record("MET", "AB", 1), Self.record("GLY", "AB", 2)])
    #expect(wide.models[0].chains.map(\.id) == ["AB"])
    #expect(wide.models[0].chains[0].residues.map(\.aminoAcid) == [.methionine, .glycine])
    let charmm = try Self.parse([
      Self.record("GLY", "A", 1), Self.record("ASPP", "A", 2), Self.record("ASPP", "A", 2),
      Self.record("GLY", "A", 3),
    ])
    #expect(charmm.models[0].chains.map(\.id) == ["A"])
    #expect(charmm.models[0].chains[0].residues.map(\.name) == ["GLY", "ASPP", "GLY"])
  }

  @Test("a byte order mark is no text, and CR ends lines", arguments: ["\n", "\r\n", "\r"])
  func lineEnds(_ end: String) throws {
    let texts = [
      StructureReadingTests.glycine,
      Self.cif(["ATOM CA GLY A 1 1 A 1 2 3", "ATOM CA ALA A 2 2 A 4 5 6"]),
    ]
    for text in texts {
      let plain = try StructureFile.parse(Array(text.utf8), path: "t")
      let bytes = [0xEF, 0xBB, 0xBF] + Array(text.replacing("\n", with: end).utf8)
      #expect(try StructureFile.parse(bytes, path: "t") == plain)
    }
  }
}
