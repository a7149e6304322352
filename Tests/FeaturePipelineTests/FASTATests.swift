import BasicTestSupport
import Foundation
import Testing

@testable import FeaturePipeline

@Suite("FASTA")
struct FASTATests {
  private func records(_ text: String) throws -> [FASTARecord] {
    try FASTA.records(in: InputText(name: "t.fasta", text))
  }

  @Test(
    "lower case, CRLF, blanks and a stop are read over",
    arguments: [
      ">a\nACDEF\n", ">a\r\nacd\r\nef\r\n", ">a\n AC DE\tF * \n\n", "\n\n> a some words\rACDEF",
      ">a\n;comment\nACDEF*",
    ])
  func tolerant(_ text: String) throws {
    let found = try records(text)
    #expect(found.map(\.id) == ["a"])
    #expect(try found[0].sequence.get().letters == "ACDEF")
    #expect(found[0].warnings.isEmpty)
  }

  @Test("unusual letters get stand-ins and a warning that names positions")
  func unusualLetters() throws {
    let record = try records(">a\nUBZJOX\n")[0]
    #expect(try record.sequence.get().letters == "CDEXXX")
    #expect(record.warnings.contains("'U' is read as 'C' at position 1"))
    #expect(record.warnings.count == 5)
  }

  @Test(
    "a bad byte is an error with line and column",
    arguments: [
      (
        ">a\nACD\nA1C\n",
        "t.fasta:3:2: '1' is not an amino acid (ACDEFGHIKLMNPQRSTVWY, X for unknown)"
      ),
      (
        ">a\nAC:DE\n",
        "t.fasta:2:3: ':' separates chains, but only single chains are supported; give each its own record"
      ),
      (
        ">a\nAC-DE\n",
        "t.fasta:2:3: '-' is a gap; the target must not be aligned (alignments go to --msa)"
      ),
      (
        ">a\nAC*DE\n",
        "t.fasta:2:3: '*' in the middle of a sequence; a stop is only allowed at the end"
      ),
      (">a\n>b\nAC\n", "t.fasta:1: the sequence is empty, expected at least one amino acid letter"),
      (
        ">a\nA\u{0}C\n",
        "t.fasta:2:2: byte 0x0 is not an amino acid (ACDEFGHIKLMNPQRSTVWY, X for unknown)"
      ),
    ])
  func badByte(_ text: String, _ expected: String) throws {
    let first = try records(text)[0]
    #expect(message { _ = try first.sequence.get() } == expected)
  }

  @Test("a name that cannot be kept is told, with the reason")
  func changedNames() throws {
    #expect(
      try records(">summary.tsv\nACD\n")[0].warnings == [
        "'summary.tsv' is called 'summary.tsv_2', because helixfold writes a file of that name"
      ])
    let unnamed = try records(">名前\nACD\n")[0]
    #expect(
      unnamed.id == "target" && unnamed.warnings.first?.contains("is called 'target'") == true)
    #expect(try records(">target\nACD\n")[0].warnings.isEmpty)
  }

  @Test("a table with another first line is told which one is expected")
  func wrongTable() {
    #expect(
      message {
        _ = try FASTA.records(in: InputText(name: "t.csv", "name,seq\na,ACD\n"))
      } == "t.csv:1: the first line of a table must be id,sequence, found 'name,seq'")
  }

  @Test("a bad record does not spoil the others")
  func oneBadRecord() throws {
    let found = try records(">a\nAC1\n>b\nACD\n")
    #expect(message { _ = try found[0].sequence.get() }.hasPrefix("t.fasta:"))
    #expect(try found[1].sequence.get().letters == "ACD")
  }

  @Test("100,000 residues are read, one more is an error")
  func lengthLimit() throws {
    let line = String(repeating: "A", count: 100) + "\n"
    let longest = String(repeating: line, count: 1000)
    let found = try records(">a\n\(longest)>b\n\(longest)C\n")
    #expect(try found[0].sequence.get().count == 100_000)
    #expect(
      message { _ = try found[1].sequence.get() }
        == "t.fasta:1002: the sequence is longer than 100000 residues")
  }

  @Test("the first row of an alignment is a target of 100,000 residues at most")
  func alignmentLengthLimit() throws {
    func target(_ residues: Int) throws -> FASTARecord {
      let row = String(repeating: "A", count: residues)
      let alignment = try Alignment.parse(InputText(name: "t.a3m", ">t\n\(row)\n>h\n\(row)\n"))
      return FASTARecord(firstRowOf: alignment, isEvidence: true)
    }
    #expect(try target(100_000).sequence.get().count == 100_000)
    let longer = try target(100_001)
    #expect(
      message { _ = try longer.sequence.get() }
        == "t.a3m: the first row is longer than 100000 residues")
  }

  @Test("the same name with the same sequence is an error at the second record")
  func duplicate() throws {
    let found = try records(">a x\nACD\n>b\nAC\n>a y\nACD\n")
    #expect(try found[0].sequence.get().count == 3)
    #expect(
      message { _ = try found[2].sequence.get() }
        == "t.fasta:5: target 'a' is already in line 1; give each record its own name")
    #expect(Set(found.map(\.id)).count == 3)
  }

  @Test(
    "names that differ behind the first blank are numbered, with a warning, if the sequences differ"
  )
  func blank() throws {
    let found = try records(">seq 1\nACD\n>seq 2\nEFG\n>seq\nHIK\n")
    #expect(found.map(\.id) == ["seq", "seq_2", "seq_3"])
    #expect(try found.map { try $0.sequence.get().letters } == ["ACD", "EFG", "HIK"])
    #expect(
      found.map(\.warnings) == [
        [],
        ["names end at the first blank: 'seq 2' is called 'seq_2', because 'seq' is taken"],
        ["'seq' is called 'seq_3', because 'seq' is taken"],
      ])
  }

  @Test("names that become the same are told apart, with a warning")
  func collision() throws {
    let found = try records(">x/y\nACD\n>x|y\nEFG\n")
    #expect(found.map(\.id) == ["x_y", "x_y_2"])
    #expect(found[1].warnings == ["'x|y' is called 'x_y_2', because 'x_y' is taken"])
  }

  @Test(
    "what is no FASTA file at all is refused with one line",
    arguments: [
      ("", "t.fasta: is empty, expected FASTA ('>name', sequence)"),
      (" \n\r\n", "t.fasta: is empty, expected FASTA ('>name', sequence)"),
      (
        "ACDEF G\n",
        "t.fasta:1:1: a FASTA record must begin with '>' and a name, found 'ACDEF G'"
      ),
      ("id,sequence\n\n", "t.fasta: is empty below its first line, expected sequences"),
      (
        "ATOM      1  CA  ALA A   1\n",
        "t.fasta: is a structure, expected sequences (FASTA) or an alignment; give structures to --template or --reference"
      ),
      (
        "\u{1}\u{2}\u{3}binary",
        "t.fasta:1:1: a FASTA record must begin with '>' and a name, found 'binary'"
      ),
    ])
  func notFASTA(_ text: String, _ expected: String) {
    #expect(message { _ = try records(text) } == expected)
  }

  @Test(
    "a table with the columns id and sequence has a target in each line",
    arguments: [
      "id,sequence\na,ACDE\nmy protein,ghik*\n", "ID\tSequence\r\na\tACDE\r\n\r\nmy protein\tGHIK",
      "\nid, sequence \n a , ACDE\nmy protein,GH IK\n",
      "\"id\",\"sequence\"\n\"a\",\"ACDE\"\n\"my protein\",\"GHIK\"\n",
    ])
  func table(_ text: String) throws {
    let found = try records(text)
    #expect(found.map(\.id) == ["a", "my_protein"])
    #expect(try found.map { try $0.sequence.get().letters } == ["ACDE", "GHIK"])
    #expect(found.map(\.warnings) == [[], []])
  }

  @Test("a bad line of a table is an error with line and column, and the others go on")
  func badRow() throws {
    let found = try records("id,sequence\na,AC:DE\nb\nc,ACDE,3\nd,ACDE\n")
    let problems = found.map { record in messageIfRefused { _ = try record.sequence.get() } }
    #expect(
      problems == [
        "t.fasta:2:5: ':' separates chains, but only single chains are supported; give each its own record",
        "t.fasta:3: a line must hold a name and a sequence as the first line says, found 'b'",
        "t.fasta:4:7: ',' is not an amino acid (ACDEFGHIKLMNPQRSTVWY, X for unknown)", nil,
      ])
  }

  @Test("letters alone are one sequence with the name of the file")
  func bare() throws {
    let found = try FASTA.records(in: InputText(name: "in/my protein.v2.txt", "ACD\r\nef* \n"))
    #expect(found.map(\.id) == ["my_protein.v2"])
    #expect(try found[0].sequence.get().letters == "ACDEF")
    let stop = try records("AC*DE\n")[0]
    #expect(message { _ = try stop.sequence.get() }.hasPrefix("t.fasta:1:3: '*' in the middle"))
    #expect(try FASTA.records(in: InputText(name: "<stdin>", "ACD"))[0].id == "stdin")
  }

  @Test(
    "a file of a few letters, which may be any word, is a sequence with a warning",
    arguments: [
      ("great\n", "the file holds nothing but 'GREAT', which is taken for a sequence"),
      ("MKAYIRW\nGS\n", "the file holds nothing but 'MKAYIRWGS', which is taken for a sequence"),
      ("MKAYIRWGSH\n", nil), (">hello\nHELL\n", nil),
    ])
  func word(_ text: String, _ warning: String?) throws {
    #expect(try records(text)[0].warnings == [warning].compactMap(\.self))
  }

  @Test(
    "lines of letters that cannot be one sequence are refused",
    arguments: ["ACD\nEF\nGHI", "AC\nDEF"])
  func severalBare(_ text: String) {
    let found = message { _ = try records(text) }
    #expect(found.hasPrefix("t.fasta: holds"), "\(found)")
    #expect(found.contains("lines of letters of different lengths; begin each sequence with"))
  }

  @Test("a structure is named as one by its ending too", arguments: ["x.pdb", "x.CIF.gz"])
  func structure(_ name: String) {
    let text = message { _ = try FASTA.records(in: InputText(name: name, "MODEL 1\n")) }
    #expect(text.hasPrefix("\(name): is a structure, expected sequences"))
  }

  @Test("chains of one and two residues are sequences", arguments: ["G", "GA"])
  func tiny(_ letters: String) throws {
    #expect(try records(">a\n\(letters)")[0].sequence.get().letters == letters)
  }

  @Test("missing files, folders and compressed files are named")
  func files() throws {
    #expect(
      message { _ = try InputText(path: "/nonexistent.fasta") }
        == "/nonexistent.fasta: no such file")
    try withScratchFolder { folder in
      #expect(
        message { _ = try InputText(path: folder) } == "\(folder): cannot be read: it is a folder")
      let path = folder + "/a.fasta"
      try Data([0x28, 0xB5, 0x2F, 0xFD]).write(to: URL(fileURLWithPath: path))
      #expect(
        message { _ = try InputText(path: path) }
          == "\(path): is zstd data; unpack it with unzstd first")
    }
  }
}

@Suite("packed text")
struct PackedTextTests {
  private func text(_ base64: String) throws -> InputText {
    let folder = try ScratchFolder()
    try (Data(base64Encoded: base64) ?? Data()).write(to: folder.url("a.gz"))
    return try InputText(path: folder.file("a.gz"))
  }

  @Test("a packed FASTA file and alignment are read as they are")
  func records() throws {
    // printf '>a\nMKAYIRW\n' | gzip -9n
    let packed = try text("H4sIAAAAAAACA7NL5PL1doz0DArnAgAOeQgjCwAAAA==")
    #expect(try FASTA.records(in: packed)[0].sequence.get().letters == "MKAYIRW")
    #expect(try Alignment.parse(packed).columns == 7)
  }

  @Test("a text that its name alone calls packed is no sequence of letters")
  func misnamed() {
    let error = #expect(throws: InputError.self) { try text("aGVsbG8K") }
    #expect(error?.description.contains("it is no gzip data, as its name says") == true)
    #expect(error?.exitStatus == .badInput)
  }

  @Test("a packed file that is cut short is refused in one line")
  func truncated() {
    let error = #expect(throws: InputError.self) {
      try text("H4sIAAAAAAACA7NL5PL1doz0DArnAgAOeQ==")
    }
    #expect(error?.description.hasSuffix("was the download complete?") == true)
    #expect(error?.exitStatus == .badInput)
  }
}

@Suite("target names")
struct TargetNameTests {
  @Test(
    "no name climbs a folder, hides a file or looks like a flag",
    arguments: [
      ("../../x", "x"), ("/etc/passwd", "etc_passwd"), (".hidden", "hidden"), ("--flag", "flag"),
      ("sp|P12345|NAME_HUMAN some protein", "sp_P12345_NAME_HUMAN"), ("", "target"),
      ("..", "target"),
      ("T1026", "T1026"), ("1cex___2304", "1cex___2304"), ("a//b", "a_b"), ("a\u{0}b", "a_b"),
      ("é", "target"), ("7a4d_A.v2-b", "7a4d_A.v2-b"),
    ])
  func sanitized(_ header: String, _ expected: String) {
    #expect(TargetName.sanitized(header) == expected)
  }

  @Test(
    "no target takes the place of a run's own files",
    arguments: ["cache", "summary.tsv", "failures.json", "Failures.JSON", "state"])
  func reserved(_ name: String) throws {
    var names = TargetNames()
    #expect([names.claim(name), names.claim(name)] == [name + "_2", name + "_3"])
    let records = try FASTA.records(in: InputText(name: "t.fasta", ">\(name)\nACDE\n"))
    #expect(records.map(\.id) == [name + "_2"])
  }

  @Test(
    "names that differ in case only do not share a folder, and numbers that are taken are passed over"
  )
  func numbers() {
    var names = TargetNames()
    let given = ["prot", "prot", "prot_3", "prot", "other"].map { names.claim($0) }
    #expect(given == ["prot", "prot_2", "prot_3", "prot_4", "other"])
  }

  @Test("names are cut at 100 bytes, suffixes included")
  func long() {
    let name = TargetName.sanitized(String(repeating: "a", count: 500))
    #expect(name.utf8.count == 100)
    var names = TargetNames()
    #expect(names.claim(name) == name)
    let other = names.claim(name)
    #expect(other.utf8.count == 100 && other.hasSuffix("_2"))
  }
}
