import BasicTestSupport
import Foundation
import Protein
import StructureIO
import Testing

@Suite struct StructureReadingTests {
  static func fixture(_ name: String) throws -> String { try Bundle.module.fixture(name) }

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

  @Test(
    "coordinates are the nearest doubles, whatever the number of digits",
    arguments: [
      "-1.5", "0.1", "12.345678", "999999.99999999", "0.123456789012345", "0.30000000000000004",
      "0.1234567890123457", "6.82552583338439845", "-9007199254740993.5", "1e-3",
    ])
  func decimals(_ text: String) throws {
    let cif = """
      data_x
      _atom_site.label_atom_id CA
      _atom_site.label_comp_id GLY
      _atom_site.label_asym_id A
      _atom_site.auth_seq_id 1
      _atom_site.Cartn_x \(text)
      _atom_site.Cartn_y 2
      _atom_site.Cartn_z 3
      """
    let atom = try parse(cif).models.first?.chains.first?.residues.first?.atoms.first
    #expect(atom?.position.x == Double(text))
  }

  @Test("a resolution is that of the refinement, else of the reconstruction, else of the data")
  func resolution() throws {
    let places = [
      "_refine.ls_d_res_high 1.5\n", "_em_3d_reconstruction.resolution 3.5\n",
      "_reflns.d_resolution_high 1.4\n",
    ]
    for (first, expected) in [1.5, 3.5, 1.4].enumerated() {
      let text = "data_x\n" + places[first...].joined() + Self.table([1])
      #expect(try parse(text).resolution == expected)
    }
    let unknown = "data_x\n_refine.ls_d_res_high ?\n" + places[2] + Self.table([1])
    #expect(try parse(unknown).resolution == 1.4)
    #expect(try parse("data_x\n\(Self.table([1]))").resolution == nil)
  }

  @Test("a place of the polymer at which two kinds of residue were seen is one of its sequence")
  func heterogeneousSequence() throws {
    let rows = ["1 1 GLY", "1 2 ALA", "1 2 SER", "1 3 VAL", "2 3 TRP"].joined(separator: "\n")
    let text = """
      data_x
      loop_
      _entity_poly_seq.entity_id
      _entity_poly_seq.num
      _entity_poly_seq.mon_id
      \(rows)
      _struct_asym.id A
      _struct_asym.entity_id 1
      \(Self.table([1]))
      """
    #expect(try parse(text).models[0].chains[0].polymerSequence == ["GLY", "ALA", "VAL"])
  }

  @Test("an entry is released on the first day of its history, in whatever order it stands")
  func releaseDate() throws {
    let history = "loop_\n_pdbx_audit_revision_history.revision_date\n"
    let days = ["2011-07-13", "1998-10-14", "2024-02-07"]
    for order in [days, days.sorted(), days.sorted().reversed()] {
      let text = "data_x\n\(history)\(order.joined(separator: "\n"))\n\(Self.table([1]))"
      #expect(try parse(text).releaseDate == "1998-10-14")
    }
    // Column 32 of REVDAT is 0 for the release itself.
    let release = "REVDAT   1   14-OCT-98 1A8O    0\n"
    let later = "REVDAT   2   13-JUL-11 1A8O    1       VERSN\n"
    for text in [later + release, release + later] {
      #expect(try parse(text + Self.glycine).releaseDate == "1998-10-14")
    }
    #expect(try parse(later + Self.glycine).releaseDate == nil)
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

  @Test("names that molecular dynamics gives to states of protonation are those of amino acids")
  func protonationStates() {
    let states: [(AminoAcid, String)] = [
      (.histidine, "HID HIE HIP HSD HSE HSP"), (.glutamicAcid, "GLH"), (.asparticAcid, "ASH"),
      (.cysteine, "CYX CYM"), (.lysine, "LYN"),
    ]
    for (parent, codes) in states {
      for code in codes.split(separator: " ") {
        #expect(AminoAcid(component: String(code)) == parent, "\(code)")
      }
    }
  }

  @Test("selenomethionine counts as methionine, its selenium as sulfur")
  func selenomethionine() throws {
    let chain = try #require(
      try StructureFile.read(Self.fixture("1a8o.pdb.gz")).models.first?.chains.first)
    let residue = try #require(chain.residues.first { $0.name == "MSE" })
    #expect(residue.aminoAcid == .methionine)
    #expect(residue.standardAtoms[.sd]?.element == "SE")
    // Columns 13 and 14 hold the symbol, right-aligned.
    let written = try PDBWriter.text(of: Structure(models: [Model(chains: [chain])]))
    #expect(written.contains(" SE   MSE A") && !written.contains("  SE  MSE A"))
    let arrays = Atom37Coordinates([residue])
    #expect(arrays.mask.reduce(0, +) == 8 && arrays.aatype == [12])
  }

  @Test("selenium counts where sulfur stands: in methionine and in cysteine, not elsewhere")
  func selenium() {
    for (name, sulfur) in [("MSE", AtomName.sd), ("SEC", .sg), ("CSE", .sg)] {
      let residue = Residue(
        name: name, number: 1, atoms: [Atom(name: "SE", element: "SE", position: [1, 2, 3])])
      #expect(residue.standardAtoms[sulfur]?.position.x == 1, "\(name)")
    }
    let other = Residue(
      name: "ALA", number: 1, atoms: [Atom(name: "SE", element: "SE", position: [1, 2, 3])])
    #expect(other.standardAtoms.isEmpty)
  }

  @Test("in an amino acid an atom's name counts whatever its element, elsewhere calcium is none")
  func wrongElements() {
    for (name, element, isKnown) in [
      ("ALA", "CA", true), ("MSE", "X", true), ("CA", "CA", false), ("LIG", "CA", false),
      ("LIG", "C", true),
    ] {
      let residue = Residue(
        name: name, number: 1, atoms: [Atom(name: "CA", element: element, position: [1, 2, 3])])
      #expect((residue.standardAtoms[.ca] != nil) == isKnown, "\(name) \(element)")
    }
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

  @Test("of equally occupied locations the first counts, and of residues of two kinds at one place")
  func equalOccupancies() throws {
    func chain(_ second: String, _ occupancy: String) throws -> Chain? {
      try parse(
        """
        ATOM      1  CA AGLY A   1       1.000   2.000   3.000  0.50 10.00           C
        ATOM      2  CA B\(second) A   1       1.500   2.000   3.000  \(occupancy) 10.00           C
        """
      ).models.first?.chains.first
    }
    for (occupancy, isSecond) in [("0.49", false), ("0.50", false), ("0.51", true)] {
      let atoms = try #require(try chain("GLY", occupancy)?.residues.first).standardAtoms
      #expect(atoms[.ca]?.position.x == (isSecond ? 1.5 : 1))
      #expect(try chain("ALA", occupancy)?.residues.map(\.name) == [isSecond ? "ALA" : "GLY"])
    }
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
    let folder = try ScratchFolder()
    try Data(bytes.prefix(place)).write(to: folder.url("short.gz"))
    #expect(throws: StructureIOError.self) { try StructureFile.read(folder.file("short.gz")) }
    var flipped = bytes
    flipped[place] ^= 0x10
    try Data(flipped).write(to: folder.url("damaged.gz"))
    #expect(throws: StructureIOError.self) { try StructureFile.read(folder.file("damaged.gz")) }
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
        let text = messageIfRefused { _ = try StructureFile.parse(changed, path: "t.pdb") }
        #expect(text?.hasPrefix("t.pdb:") != false, "byte \(place): \(text ?? "")")
      }
    }
  }
}
