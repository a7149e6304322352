import BasicTestSupport
import FeaturePipeline
import Protein
import Testing

@Suite("alignment files")
struct AlignmentTests {
  private func parse(_ text: String, _ name: String = "t.a3m") throws -> Alignment {
    try Alignment.parse(InputText(name: name, text))
  }

  @Test(
    "wrapped lines, CRLF, NUL, dots and ColabFold's comment are read over",
    arguments: [
      ">q\nACDE\n>h\nA-aaDeE\n",
      "#4\t1\n>q\nAC\nDE\n\n>h\nA-a\naDeE",
      ">q\r\nACDE\r\n>h\r\nA-aaDeE\r\n",
      ">q\nAC..DE\n\u{0}>h\nA-aaD.eE\n",
    ])
  func tolerant(_ text: String) throws {
    let found = try parse(text)
    #expect(found.names == ["q", "h"])
    #expect(letters(found, 0) == "ACDE" && letters(found, 1) == "A-DE")
    #expect(deletions(found, 1) == [0, 0, 2, 1])
  }

  @Test("rows of secondary structure are left out, with a warning")
  func secondaryStructure() throws {
    let found = try parse(">ss_pred PSIPRED\nCCHH\n>ss_conf PSIPRED\n9980\n>q\nACDE\n")
    #expect(found.names == ["q"])
    #expect(found.warnings == ["2 secondary-structure rows were left out"])
  }

  @Test("a stop at the end of a row and a query in lower case are read")
  func tolerated() throws {
    let found = try parse(">q\nacd\ne*\n>h\nA-aDE*\n")
    #expect(letters(found, 0) == "ACDE" && letters(found, 1) == "A-DE")
    #expect(deletions(found, 0) == [0, 0, 0, 0] && deletions(found, 1) == [0, 0, 1, 0])
    #expect(found.warnings == ["the first row is in lower case and was read as upper case"])
  }

  @Test("a stop within a row that is not the query is an unknown residue")
  func stopWithin() throws {
    let found = try parse(">q\nACDE\n>h\nA*aDE\n")
    #expect(letters(found, 1) == "AXDE" && deletions(found, 1) == [0, 0, 1, 0])
    let stockholm = try parse("# STOCKHOLM 1.0\nq AC-DE\nh A**D*\n//\n", "t.sto")
    #expect(letters(stockholm, 1) == "AXDX" && deletions(stockholm, 1) == [0, 0, 1, 0])
  }

  @Test(
    "damage is an error that names the place",
    arguments: [
      (
        ">q\nACDE\n>h one\nACD\n",
        "t.a3m:3: row 2 ('h one') has 3 columns, the first row has 4"
      ),
      (">q\nACDE\n>h\n", "t.a3m:3: row 2 ('h') has 0 columns, the first row has 4"),
      (">q\n>h\nacde\n", "t.a3m:1: the first row has no letters"),
      (">q\nAC*E\n", "t.a3m:2:3: '*' is not an alignment letter (A-Z, a-z for insertions, '-')"),
      (">q\nAC1E\n", "t.a3m:2:3: '1' is not an alignment letter (A-Z, a-z for insertions, '-')"),
      (
        ">q\nAC\nDeE\n>h\nACDE\n",
        "t.a3m:3:2: 'e' is an insertion, but the first row must be the target: write it in upper case, or remove it"
      ),
      (
        ">q\nacDE\n",
        "t.a3m:2:1: 'a' is an insertion, but the first row must be the target: write it in upper case, or remove it"
      ),
      ("ACDE\n", "t.a3m:1:1: an A3M row must begin with '>' and a name, found 'A'"),
      (
        "HEADER    PROTEIN\n",
        "t.a3m: is a structure, expected sequences (FASTA) or an alignment; give structures to --template or --reference"
      ),
      ("#4\t1\n", "t.a3m: holds no alignment rows ('>name', letters)"),
      ("", "t.a3m: is empty, expected an alignment (A3M or Stockholm)"),
      (
        "#4,5\t1,1\n>q\nACDEACDEF\n",
        "t.a3m:1: this alignment is of a complex ('#4,5'), but only single chains are supported"
      ),
      (
        "#4\t2\n>q\nACDE\n",
        "t.a3m:1: this alignment is of 2 copies of one chain; remove this line to predict one of them alone"
      ),
    ])
  func damage(_ text: String, _ expected: String) {
    #expect(message { _ = try parse(text) } == expected)
  }

  @Test("what was written reads back equal")
  func roundTrip() throws {
    let found = try parse(">q x\nACDE\n>h\nA-aaDeEzz\n")
    let text = A3M.write(found)
    #expect(text == ">q x\nACDE\n>h\nA-xxDxE\n")
    #expect(try parse(text) == found)
  }

  @Test("Stockholm: blocks join, gap columns of the query become insertions")
  func stockholm() throws {
    let text = """
      # STOCKHOLM 1.0
      #=GF ID x
      #=GS h DE a hit
      q AC--D
      h A-kkD
      #=GC RF xx..x

      q E-F
      h E.F
      //
      """
    let found = try parse(text, "t.sto")
    #expect(found.names == ["q", "h"])
    #expect(letters(found, 0) == "ACDEF" && letters(found, 1) == "A-DEF")
    #expect(deletions(found, 1) == [0, 0, 2, 0, 0])
  }

  @Test("alignment files of one name are told apart by their folders")
  func sources() throws {
    let found = try ["a/u.a3m", "b/u.a3m", "b/v.a3m"].map { try parse(">q\nACDE\n", $0) }
    let raw = try RawFeatures(id: "t", sequence: ProteinSequence("ACDE"), alignments: found)
    #expect(raw.sources.map(\.name) == ["a/u.a3m", "b/u.a3m", "v.a3m"])
  }

  @Test("a Stockholm file without its last line is read with a warning")
  func cutStockholm() throws {
    let cut = try parse("# STOCKHOLM 1.0\nq ACDE\nh ACD-\n", "t.sto")
    #expect(
      cut.warnings == ["the line // at the end is missing; the file was perhaps cut short"])
    #expect(try parse("# STOCKHOLM 1.0\nq ACDE\nh ACD-\n//\n", "t.sto").warnings == [])
  }

  @Test(
    "damaged Stockholm files name the place",
    arguments: [
      (
        "# STOCKHOLM 1.0\nq ACDE\nh ACD\n//\n",
        "t.sto:3: row 2 ('h') has 3 columns, the first row has 4"
      ),
      ("# STOCKHOLM 1.0\nq\n", "t.sto:2: expected a name and aligned letters"),
      ("# STOCKHOLM 1.0\nq --\n//\n", "t.sto:2: the first sequence has only gaps"),
      ("# STOCKHOLM 1.0\n//\n", "t.sto: holds no aligned sequence"),
      ("# STOCKHOLM 1.0\nq AC*\n", "t.sto:2:5: '*' is not an alignment letter (A-Z, '-', '.')"),
    ])
  func damagedStockholm(_ text: String, _ expected: String) {
    #expect(message { _ = try parse(text, "t.sto") } == expected)
  }

  @Test("the first row must be the target, X matching anything")
  func query() throws {
    let target = try ProteinSequence("ACDU")
    try parse(">q\nACDC\n").checkQuery(is: target)
    try parse(">q\nACDX\n").checkQuery(is: target)
    for (row, belongs) in [("ACDC", true), ("ACDX", true), ("ACEC", false), ("ACD", false)] {
      #expect(try parse(">q\n\(row)\n").belongs(to: target) == belongs)
    }
    #expect(
      message { try parse(">q\nACEC\n").checkQuery(is: target) }
        == "t.a3m: the first row has 'E' at residue 3, the target has 'D'; the first row must be the target's"
        + " sequence")
    #expect(
      message { try parse(">q\nACD\n").checkQuery(is: target) }
        == "t.a3m: the first row has 3 residues, the target has 4; the first row must be"
        + " the target's sequence")
  }

  @Test("equal aligned rows count once over all files, insertions aside; the first one stays")
  func deduplication() throws {
    let first = try parse(">q\nACDE\n>h1\nA-aDE\n>h2\nA-DE\n", "one.a3m")
    let second = try parse(">q\nACDE\n>h3\nBCDE\n>h4\nDCDE\n", "dir/two.a3m")
    let raw = try RawFeatures(
      id: "t", sequence: ProteinSequence("ACDE"), alignments: [first, second])
    #expect(raw.rowNames == ["q", "h1", "h3", "h4"])
    #expect(raw.deletions.values[4..<8] == [0, 0, 1, 0])
    #expect(raw.msa.values[8..<12] == raw.msa.values[12..<16])
    #expect(
      raw.sources == [
        AlignmentSource(name: "one.a3m", rows: 3, newRows: 2),
        AlignmentSource(name: "two.a3m", rows: 3, newRows: 2),
      ])
  }
}
