import AtomicFiles
import BasicTestSupport
import Foundation
import Protein
import StructureIO
import Testing

@Suite struct StructureWritingTests {
  /// A dipeptide with round coordinates.
  static func prediction() throws -> PredictedStructure {
    let sequence = try ProteinSequence("GA")
    var positions = [Float](repeating: 0, count: 2 * 111)
    var mask = [Float](repeating: 0, count: 2 * 37)
    for (row, residue) in sequence.residues.enumerated() {
      for atom in residue.atoms {
        mask[row * 37 + atom.index] = 1
        for axis in 0..<3 {
          positions[(row * 37 + atom.index) * 3 + axis] =
            Float(row * 10 + atom.index) + Float(axis) * 0.25
        }
      }
    }
    return PredictedStructure(
      name: "t1", sequence: sequence, positions: positions, mask: mask, plddt: [91.234, 45.5],
      ptm: 0.75, modelName: "model_1_ptm", softwareVersion: "0.1", provenance: ["SEED 1"])
  }

  @Test("a prediction is written as AlphaFold2 writes it, with provenance before")
  func pdb() throws {
    let text = try Self.prediction().pdb()
    let lines = text.split(separator: "\n")
    #expect(lines.allSatisfy { $0.count == 80 })
    let expected = [
      "TITLE     HELIXFOLD PREDICTION FOR t1", "EXPDTA    THEORETICAL MODEL",
      "REMARK   6 HELIXFOLD 0.1, NETWORK model_1_ptm",
      "REMARK   6 B-FACTORS HOLD PLDDT, 0 TO 100, HIGHER IS BETTER",
      "REMARK   6 MEAN PLDDT 68.37", "REMARK   6 PTM 0.7500", "REMARK   6 SEED 1",
      "SEQRES   1 A    2  GLY ALA", "MODEL        1",
      "ATOM      1  N   GLY A   1       0.000   0.250   0.500  1.00 91.23           N",
      "ATOM      2  CA  GLY A   1       1.000   1.250   1.500  1.00 91.23           C",
      "ATOM      3  C   GLY A   1       2.000   2.250   2.500  1.00 91.23           C",
      "ATOM      4  O   GLY A   1       4.000   4.250   4.500  1.00 91.23           O",
      "ATOM      5  N   ALA A   2      10.000  10.250  10.500  1.00 45.50           N",
      "ATOM      6  CA  ALA A   2      11.000  11.250  11.500  1.00 45.50           C",
      "ATOM      7  C   ALA A   2      12.000  12.250  12.500  1.00 45.50           C",
      "ATOM      8  CB  ALA A   2      13.000  13.250  13.500  1.00 45.50           C",
      "ATOM      9  O   ALA A   2      14.000  14.250  14.500  1.00 45.50           O",
      "TER      10      ALA A   2", "ENDMDL", "END",
    ]
    #expect(lines.map { $0.trimmingCharacters(in: .whitespaces) } == expected)
  }

  @Test("a title stands in both formats, whatever is in it; a name that says all stands alone")
  func title() throws {
    var prediction = try Self.prediction()
    #expect(prediction.title == "t1")
    prediction.title = "sp|P1|X 5'-kinase \"alpha\", " + String(repeating: "long ", count: 20)
    let lines = try prediction.pdb().split(separator: "\n").filter { $0.hasPrefix("TITLE") }
    let first = "TITLE     HELIXFOLD PREDICTION FOR sp|P1|X 5'-kinase"
    #expect(lines.count == 3 && lines[0].hasPrefix(first) && lines[1].hasPrefix("TITLE    2 "))
    let text = try prediction.modelCIF()
    #expect(text.contains("\n;\(prediction.title)\n;\n") && text.contains("\n_entry.id t1\n"))
    #expect(
      try StructureFile.parse(Array(text.utf8), path: "t").models.first?.chains.first?.residues
        .count == 2)
  }

  @Test("both formats are ASCII: what is not becomes a question mark, an ellipsis three dots")
  func plainText() throws {
    var prediction = try Self.prediction()
    prediction.title = "β-Lactamase, Köln…"
    prediction.provenance = ["WEIGHTS é.npz"]
    for text in [try prediction.pdb(), try prediction.modelCIF()] {
      #expect(text.utf8.allSatisfy { $0 < 0x80 })
      #expect(text.contains("?-Lactamase, K?ln...") && text.contains("WEIGHTS ?.npz"))
    }
  }

  @Test("residues have the numbers that they are given; places in the polymer count from 1")
  func residueNumbers() throws {
    var prediction = try Self.prediction()
    prediction.residueNumbers = [7, 210]
    let pdb = try prediction.pdb()
    #expect(pdb.contains(" CA  GLY A   7 ") && pdb.contains(" CA  ALA A 210 "))
    let cif = try StructureFile.parse(Array(prediction.modelCIF().utf8), path: "t")
    let residues = try #require(cif.models.first?.chains.first).residues
    #expect(residues.map(\.number) == [7, 210])
    #expect(residues.map(\.polymerIndex) == [1, 2])
    prediction.residueNumbers = [7]
    #expect(throws: StructureIOError.self) { try prediction.pdb() }
  }

  @Test("TER names the last residue that has atoms")
  func lastResidue() throws {
    var prediction = try Self.prediction()
    for slot in 37..<74 { prediction.mask[slot] = 0 }
    let ends = try prediction.pdb().split(separator: "\n").filter { $0.hasPrefix("TER") }
    #expect(ends.map { $0.trimmingCharacters(in: .whitespaces) } == ["TER       5      GLY A   1"])
  }

  @Test("what was written reads back equal, from PDB and from ModelCIF")
  func roundTrip() throws {
    let prediction = try Self.prediction()
    let original = try #require(try prediction.structure().models.first?.chains.first)
    let pdb = try StructureFile.parse(Array(prediction.pdb().utf8), path: "t")
    let cif = try StructureFile.parse(Array(prediction.modelCIF().utf8), path: "t")
    for chain in [pdb.models.first?.chains.first, cif.models.first?.chains.first] {
      let chain = try #require(chain)
      #expect(chain.id == "A" && chain.polymerSequence == ["GLY", "ALA"])
      #expect(chain.residues.map(\.label) == original.residues.map(\.label))
      for (a, b) in zip(chain.residues.flatMap(\.atoms), original.residues.flatMap(\.atoms)) {
        #expect(a.name == b.name && a.element == b.element && a.position == b.position)
        #expect(abs(a.bFactor - b.bFactor) < 0.005001)
      }
    }
  }

  @Test("an entry with selenomethionine and water survives writing and reading")
  func entryRoundTrip() throws {
    let entry = try StructureFile.read(StructureReadingTests.fixture("1a8o.pdb.gz"))
    let again = try StructureFile.parse(Array(PDBWriter.text(of: entry).utf8), path: "t")
    #expect(again.models == entry.models)
  }

  @Test("what does not fit the columns is refused with the way out")
  func overflow() throws {
    func text(_ change: (inout Structure) -> Void) throws -> String {
      var structure = try Self.prediction().structure()
      change(&structure)
      return try PDBWriter.text(of: structure)
    }
    let changes: [(inout Structure) -> Void] = [
      { $0.models[0].chains[0].residues[0].number = 10_000 },
      { $0.models[0].chains[0].residues[0].atoms[0].position.x = 10_000 },
      { $0.models[0].chains[0].residues[0].atoms[0].position.x = -1_000 },
      { $0.models[0].chains[0].id = "AA" },
      { $0.models[0].chains[0].residues[0].name = "ABCD" },
      { $0.models[0].chains[0].residues[0].atoms[0].bFactor = 1_000 },
      { structure in
        let residue = structure.models[0].chains[0].residues[0]
        structure.models[0].chains[0].residues = Array(repeating: residue, count: 25_000)
      },
    ]
    for change in changes {
      let error = #expect(throws: StructureIOError.self) { try text(change) }
      #expect(error?.description.hasSuffix("write mmCIF instead") == true)
    }
    let error = #expect(throws: StructureIOError.self) {
      try text { $0.models[0].chains[0].residues[0].atoms[0].position.y = .nan }
    }
    #expect(error?.description == "a coordinate of GLY 1 N is not a finite number")
  }

  @Test("an unknown residue is UNK in the sequence of the entity and X in the canonical one")
  func unknownResidue() throws {
    var prediction = try Self.prediction()
    prediction.sequence = try ProteinSequence("GX")
    let text = try prediction.modelCIF()
    #expect(text.contains("pdbx_seq_one_letter_code     G(UNK)\n"))
    #expect(text.contains("pdbx_seq_one_letter_code_can GX\n"))
  }

  @Test("residues without atoms have no local confidence; all have their number beside their place")
  func unplacedResidue() throws {
    var prediction = try Self.prediction()
    for atom in 0..<37 { prediction.mask[atom] = 0 }
    prediction.residueNumbers = [7, 9]
    let text = try prediction.modelCIF()
    #expect(text.contains("_ma_qa_metric_local.metric_value\n1 1 A 2 ALA 2 45.50\n#"))
    #expect(
      text.contains(
        "_pdbx_poly_seq_scheme.hetero\nA 1 1 GLY 1 7 ? ? ? A . n\nA 1 2 ALA 2 9 9 ALA ALA A . n\n#"
      ))
  }

  @Test("ModelCIF holds the local confidence on a scale of 0 to 100")
  func modelCIF() throws {
    let text = try Self.prediction().modelCIF()
    #expect(text.contains("\n_audit_conform.dict_name     mmcif_ma.dic\n"))
    #expect(text.contains("\n1 1 A 1 GLY 2 91.23\n2 1 A 2 ALA 2 45.50\n"))
    #expect(text.contains("\n1 1 1 68.37\n2 1 3 0.7500\n"))
  }

  @Test("the JSON files have AlphaFold's form")
  func json() throws {
    #expect(
      try PredictionFiles.confidence(plddt: [95.126, 70, 69.99, 12])
        == #"{"residueNumber":[1,2,3,4],"confidenceScore":[95.13,70.00,69.99,12.00],"#
        + #""confidenceCategory":["H","M","L","D"]}"#)
    #expect(
      try PredictionFiles.confidence(plddt: [90, 89.99, 50, 49.99])
        .hasSuffix(#""confidenceCategory":["H","M","L","D"]}"#))
    #expect(
      try PredictionFiles.alignedError([0.25, 31.75, 4, 0.04], residues: 2, maximum: 31.75)
        == #"[{"predicted_aligned_error":[[0.2,31.8],[4.0,0.0]],"#
        + #""max_predicted_aligned_error":31.75}]"#)
    #expect(
      try PredictionFiles.ranking(plddts: ["model_1": 80.5, "model_2": 90])
        == "{\n    \"plddts\": {\n        \"model_1\": 80.5,\n        \"model_2\": 90.0\n    },\n"
        + "    \"order\": [\n        \"model_2\",\n        \"model_1\"\n    ]\n}")
    #expect(
      try PredictionFiles.ranking(plddts: ["m": 80.5], ptms: ["m": 0.5])
        == "{\n    \"plddts\": {\n        \"m\": 80.5\n    },\n    \"order\": [\n        \"m\"\n    ],\n"
        + "    \"ptms\": {\n        \"m\": 0.5\n    }\n}")
    let noted = try [
      PredictionFiles.confidence(plddt: [95], note: "small \"net\""),
      PredictionFiles.alignedError([0.25], residues: 1, maximum: 31.75, note: "small"),
      PredictionFiles.ranking(plddts: ["m": 80.5], notes: ["m": "small", "other": "x"]),
    ]
    #expect(noted[0].hasSuffix(#""confidenceCategory":["H"],"weights_note":"small \"net\""}"#))
    #expect(noted[1].hasSuffix(#""max_predicted_aligned_error":31.75,"weights_note":"small"}]"#))
    #expect(noted[2].contains(#""weights_notes": {"#) && !noted[2].contains("other"))
    let equals = try PredictionFiles.ranking(plddts: ["b": 80, "c": 90, "a": 80])
    #expect(equals.contains("[\n        \"c\",\n        \"a\",\n        \"b\"\n    ]"))
    #expect(PredictionFiles.timings([("features", 1.5)]) == "{\n    \"features\": 1.5\n}")
    #expect(throws: StructureIOError.self) { try PredictionFiles.confidence(plddt: [.nan]) }
    #expect(throws: StructureIOError.self) {
      try PredictionFiles.alignedError([1], residues: 2, maximum: 31.75)
    }
  }

  @Test("a file appears whole or not at all")
  func atomicFiles() throws {
    let folder = try ScratchFolder()
    try AtomicFile.createFolder(folder.path + "/a/b")
    let path = folder.path + "/a/b/file.txt"
    try AtomicFile.write("first", to: path)
    struct Stop: Error {}
    #expect(throws: Stop.self) {
      try AtomicFile.replace(path) { temporary in
        try "half".write(toFile: temporary, atomically: false, encoding: .utf8)
        throw Stop()
      }
    }
    #expect(try String(contentsOfFile: path, encoding: .utf8) == "first")
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path + "/a/b").count == 1)
    let error = #expect(throws: AtomicFileError.self) {
      try AtomicFile.write("x", to: folder.path + "/missing/file")
    }
    #expect(error?.exitStatus == .cannotCreate)
    #expect(
      error?.description
        == "\(folder.path)/missing/file: cannot write: No such file or directory; does the folder exist?"
    )
  }
}
