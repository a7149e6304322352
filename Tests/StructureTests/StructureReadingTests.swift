import Foundation
import Protein
import StructureIO
import Testing

@Suite struct StructureReadingTests {
  static func fixture(_ name: String) throws -> String {
    try #require(Bundle.module.url(forResource: "Fixtures/\(name)", withExtension: nil)).path
  }

  private func parse(_ text: String) throws -> Structure {
    try StructureFile.parse(Array(text.utf8), path: "t.pdb")
  }

  @Test("the same entry reads alike from PDB and mmCIF")
  func formats() throws {
    let pdb = try StructureFile.read(Self.fixture("1a8o.pdb.gz"))
    let cif = try StructureFile.read(Self.fixture("1a8o.cif.gz"))
    #expect(pdb.name == "1A8O" && cif.name == "1A8O")
    #expect(pdb.resolution == 1.7 && cif.resolution == 1.7)
    #expect(pdb.method == "X-RAY DIFFRACTION" && cif.method == "X-RAY DIFFRACTION")
    #expect(cif.releaseDate == "1998-10-14")
    let a = try #require(pdb.models.first?.chains.first)
    let b = try #require(cif.models.first?.chains.first)
    #expect(a.polymerSequence == b.polymerSequence && a.polymerSequence.count == 70)
    let left = a.aminoAcidResidues
    let right = b.aminoAcidResidues
    #expect(left.map(\.name) == right.map(\.name) && left.map(\.number) == right.map(\.number))
    #expect(left.map(\.atoms) == right.map(\.atoms))
    #expect(left.flatMap(\.atoms).count == 556)
  }

  @Test("standard uncertainties of mmCIF coordinates are read over, other text is refused")
  func uncertainty() throws {
    func text(_ x: String) -> String {
      let items = [
        "group_PDB", "id", "label_atom_id", "label_comp_id", "label_asym_id", "label_seq_id",
        "Cartn_x", "Cartn_y", "Cartn_z",
      ]
      return "data_x\nloop_\n" + items.map { "_atom_site.\($0)\n" }.joined()
        + "ATOM 1 CA GLY A 1 \(x) 2 3\n"
    }
    let atom = try #require(
      try parse(text("1.25(12)")).models.first?.chains.first?.residues.first?.atoms.first)
    #expect(atom.position == SIMD3(1.25, 2, 3))
    #expect(throws: StructureIOError.self) { try parse(text("1.25)")) }
    #expect(throws: StructureIOError.self) { try parse(text("(1)")) }
  }

  /// A table of atoms of one residue; the number of the model stands behind each.
  private static func table(_ models: [Int]) -> String {
    let items = [
      "label_atom_id", "label_comp_id", "label_asym_id", "label_seq_id", "Cartn_x", "Cartn_y",
      "Cartn_z", "pdbx_PDB_model_num",
    ]
    return "loop_\n" + items.map { "_atom_site.\($0)\n" }.joined()
      + zip(models, ["N", "CA", "C", "O", "CB"]).map { "\($1) ALA A 1 1 2 3 \($0)\n" }.joined()
  }

  @Test("rows of a model go on after rows of another")
  func mixedModels() throws {
    let models = try parse("data_x\n" + Self.table([1, 1, 2, 1, 1])).models
    #expect(models.map(\.number) == [1, 2])
    let residues = models.map { $0.chains.flatMap(\.residues).map { $0.atoms.map(\.name) } }
    #expect(residues == [[["N", "CA", "O", "CB"]], [["C"]]])
  }

  @Test("a second table of atoms is refused: it would take the place of the first")
  func secondTable() throws {
    let error = #expect(throws: StructureIOError.self) {
      try parse("data_x\n" + Self.table([1, 1]) + Self.table([1]))
    }
    #expect(try #require(error).description.contains("a second table of '_atom_site'"))
  }

  @Test("a message never carries line ends or terminal commands of a file")
  func printableMessages() throws {
    let error = #expect(throws: StructureIOError.self) {
      try parse("data_x\n'a\u{1B}[31m\nb'\u{7}\n")
    }
    let message = try #require(error).description
    #expect(message.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7F })
  }

  @Test("modified residues count as their parents, also rare ones, and ligands as unknown")
  func modifiedResidues() {
    let parents: [(String, AminoAcid)] = [
      ("SEP", .serine), ("CSO", .cysteine), ("PCA", .glutamine), ("HYP", .proline),
      ("DAL", .alanine),
      ("CRO", .unknown), ("0AF", .tryptophan), ("ZZJ", .alanine), ("HEM", .unknown),
      ("A", .unknown),
    ]
    for (code, parent) in parents { #expect(AminoAcid(component: code) == parent, "\(code)") }
  }

  @Test("selenomethionine counts as methionine, its selenium as sulfur")
  func selenomethionine() throws {
    let chain = try #require(
      try StructureFile.read(Self.fixture("1a8o.pdb.gz")).models.first?.chains.first)
    let residue = try #require(chain.residues.first { $0.name == "MSE" })
    #expect(residue.aminoAcid == .methionine)
    #expect(residue.standardAtoms[.sd]?.element == "SE")
    let arrays = Atom37Coordinates([residue])
    #expect(arrays.mask.reduce(0, +) == 8 && arrays.aatype == [12])
  }

  static let glycine = """
    ATOM      1  N   GLY A  52A      1.000   2.000   3.000  1.00 10.00           N
    ATOM      2  CA AGLY A  52A      2.000   2.000   3.000  0.40 10.00           C
    ATOM      3  CA BGLY A  52A      2.500   2.000   3.000  0.60 10.00           C
    ATOM      4  C   GLY A  52A      3.000   2.000   3.000  1.00 10.00           C
    """

  @Test("insertion codes are kept, and the most occupied location counts")
  func alternates() throws {
    let residue = try #require(try parse(Self.glycine).models.first?.chains.first?.residues.first)
    #expect(residue.label == "52A")
    #expect(residue.atoms.count == 4)
    #expect(residue.standardAtoms[.ca]?.position.x == 2.5)
  }

  @Test("CRLF, missing TER, missing element and short lines are read")
  func tolerance() throws {
    let short = Self.glycine.split(separator: "\n").map { $0.prefix(54) }.joined(separator: "\r\n")
    let residue = try #require(try parse(short).models.first?.chains.first?.residues.first)
    #expect(residue.atoms.map(\.element) == ["N", "C", "C", "C"])
    #expect(residue.atoms.map(\.occupancy) == [1, 1, 1, 1])
  }

  @Test("models are separated by MODEL and ENDMDL, or by ENDMDL alone")
  func models() throws {
    let numbered = [3, 4].map { "MODEL        \($0)\n\(Self.glycine)\nENDMDL\n" }.joined()
    #expect(try parse(numbered).models.map(\.number) == [3, 4])
    let bare = "\(Self.glycine)\nENDMDL\n\(Self.glycine)\nEND\n"
    #expect(try parse(bare).models.map(\.number) == [1, 2])
  }

  @Test("residue numbers beyond 9999 in base 36 continue the count")
  func hybridNumbers() throws {
    let line = "ATOM      1  CA  GLY AA000       1.000   2.000   3.000  1.00 10.00           C"
    #expect(try parse(line).models.first?.chains.first?.residues.first?.number == 10000)
  }

  @Test("mmCIF loops, quotes, text blocks and several models are read")
  func tokens() throws {
    let text = """
      data_test # comment
      _exptl.method 'X-RAY DIFFRACTION'
      _entity.details
      ;first ; line
      second
      ;
      loop_
      _atom_site.group_PDB _atom_site.label_atom_id _atom_site.label_comp_id
      _atom_site.label_asym_id _atom_site.auth_asym_id _atom_site.label_seq_id
      _atom_site.auth_seq_id _atom_site.Cartn_x _atom_site.Cartn_y _atom_site.Cartn_z
      _atom_site.pdbx_PDB_model_num _atom_site.pdbx_PDB_ins_code
      ATOM "CA" GLY A X 1 7 1.0 2.0 -3.5 1 ?
      ATOM 'O5'A' GLY A X 1 7 1.0 2.0 -3.5 1 ?
      ATOM CA GLY A X 1 7 1.0 2.0 3.5e0 2 B
      """
    let structure = try StructureFile.parse(Array(text.utf8), path: "t.cif")
    #expect(structure.models.count == 2)
    let chain = try #require(structure.models.first?.chains.first)
    #expect(chain.id == "X" && chain.labelID == "A")
    #expect(chain.residues.first?.atoms.map(\.name) == ["CA", "O5'A"])
    #expect(chain.residues.first?.insertionCode == nil)
    #expect(structure.models[1].chains.first?.residues.first?.label == "7B")
    #expect(structure.models[1].chains.first?.residues.first?.atoms.first?.position.z == 3.5)
  }

  @Test(
    "a residue number that leaves no room to count on is refused in mmCIF",
    arguments: ["9223372036854775807", "-9223372036854775808", "1000000000"])
  func hugeNumber(_ number: String) {
    let text = """
      data_x
      loop_
      _atom_site.label_atom_id _atom_site.label_comp_id _atom_site.label_asym_id
      _atom_site.auth_seq_id _atom_site.Cartn_x _atom_site.Cartn_y _atom_site.Cartn_z
      CA GLY A \(number) 1.0 2.0 -3.5
      """
    let error = #expect(throws: StructureIOError.self) {
      try StructureFile.parse(Array(text.utf8), path: "t.cif")
    }
    #expect(error?.description.contains("'\(number)' is no whole number of up to nine") == true)
  }

  @Test(
    "bad files give one line that names the place",
    arguments: [
      ("", "t.pdb: the file is empty, expected PDB or mmCIF"),
      ("hello\nworld\n", "t.pdb: no ATOM record in 2 lines, expected PDB or mmCIF"),
      ("a\u{0}b", "t.pdb: the file is binary, expected PDB or mmCIF text"),
      (
        "ATOM      1  CA  GLY A   1         nan   2.000   3.000",
        "t.pdb:1: x coordinate 'nan' is not a finite number"
      ),
      (
        "\nATOM      1  CA  GLY A   1       1.000",
        "t.pdb:2: an atom record of 38 columns, expected coordinates in 31-54"
      ),
      (
        "ATOM      1  CA  GLY A  x1       1.000   2.000   3.000",
        "t.pdb:1: residue number 'x1' is not a whole number"
      ),
      ("data_x\n_a.b\n", "t.pdb:2: item '_a.b' has no value"),
      ("data_x\n_a.b 'open\n", "t.pdb:2: a quote that does not end on its line"),
      ("data_x\n_a.b\n;open\n", "t.pdb:3: a text block that starts here does not end"),
      (
        "data_x\nloop_\n_a.b\n_a.c\n1 2 3\n",
        "t.pdb:2: the loop over '_a' has 3 values, expected a multiple of its 2 items; "
          + "is the file complete?"
      ),
      (
        "data_x\nloop_\n_a.b\n_a.c\n1 2\n_a.d 3\n",
        "t.pdb:6: item '_a.d' stands outside the loop over '_a'"
      ),
      ("data_x\n_a.b 1\n", "t.pdb: the mmCIF file has no _atom_site rows"),
    ])
  func badFiles(_ text: String, _ message: String) {
    let error = #expect(throws: StructureIOError.self) { try parse(text) }
    #expect(error?.description == message)
  }

  @Test("a missing file has exit status 66, others 65")
  func missing() {
    let missing = #expect(throws: StructureIOError.self) {
      try StructureFile.read("/nonexistent/file.pdb")
    }
    #expect(missing?.exitStatus == .missingInput)
    #expect(missing?.description == "/nonexistent/file.pdb: cannot read: No such file or directory")
  }

  @Test("a truncated or damaged gzip file is refused", arguments: [100, 2000, 9000])
  func damagedGzip(_ place: Int) throws {
    let path = try Self.fixture("1a8o.pdb.gz")
    let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let short = folder.appendingPathComponent("short.gz")
    try Data(bytes.prefix(place)).write(to: short)
    #expect(throws: StructureIOError.self) { try StructureFile.read(short.path) }
    var flipped = bytes
    flipped[place] ^= 0x10
    let damaged = folder.appendingPathComponent("damaged.gz")
    try Data(flipped).write(to: damaged)
    #expect(throws: StructureIOError.self) { try StructureFile.read(damaged.path) }
  }

  @Test("no single changed byte of a file can stop the program")
  func fuzz() throws {
    let text =
      Array(
        "HEADER    X                                       14-OCT-98   1A8O\nMODEL        1\n".utf8)
      + Array(Self.glycine.utf8) + Array("\nTER\nENDMDL\nSEQRES   1 A    1  GLY\n".utf8)
    for place in text.indices {
      for byte: UInt8 in [0, 0x20, 0x39, 0x41, 0xFF] {
        var changed = text
        changed[place] = byte
        _ = try? StructureFile.parse(changed, path: "t")
      }
    }
  }
}
