import ArrayFiles
import BasicTestSupport
import FeaturePipeline
import Foundation
import NumericArrays
import Testing

@testable import Evidence

@Suite("Input doctor")
struct FileDoctorTests {
  private func examine(_ name: String, _ text: String) throws -> FileDiagnosis {
    try examine(name, Array(text.utf8))
  }

  private func examine(_ name: String, _ bytes: [UInt8]) throws -> FileDiagnosis {
    let folder = try ScratchFolder()
    try Data(bytes).write(to: folder.url(name))
    return FileDoctor.examine(folder.file(name))
  }

  @Test(
    "good files of each format are recognised",
    arguments: [
      ("a.fasta", ">t\nMKAY\n", "FASTA", "1 sequence"),
      ("a.a3m", ">t\r\nMK\r\nAY\r\n>h\nM-aA\0Y\n", "A3M alignment", "2 rows, 4 columns"),
      (
        "a.txt", "# STOCKHOLM 1.0\nt MKAY\nh MK-Y\n//\n", "Stockholm alignment", "2 rows, 4 columns"
      ),
      ("a.afa", ">t\nMKAY\n>h\nMK-Y\n", "A3M alignment", "2 rows, 4 columns"),
      ("a.seq", ";c\n>t\nMKAY\n", "FASTA", "1 sequence"),
      ("a.csv", "id,sequence\nt,MKAY\nu,MK\n", "table of sequences", "2 sequences"),
      ("a.txt", "id\tsequence\nt\tMKAY\n", "table of sequences", "1 sequence"),
      ("a.txt", "MKAYMKAY\nMKAY\n", "bare sequence", "1 sequence"),
      ("a.hhr", HitReaderTests.hhr, "hhr", "2 hits"),
      ("a.m8", "q\tt\t0.5\t4\t0\t0\t1\t4\t1\t4\t1e-3\t20\n", "MMseqs2 table", "1 hit"),
      (
        "a.json", "{\"sets\": [{\"name\": \"x\", \"description\": \"\", \"databases\": []}]}",
        "JSON list of databases", "sets x"
      ),
      (
        "a.json", "{\"preset\": \"model_1\", \"evoformer\": {\"blocks\": 8}}", "JSON configuration",
        "8 Evoformer and 4 extra-MSA blocks"
      ),
      (
        "a.json", "{\"preset\": \"mini\"}", "JSON training configuration",
        "examined by `helixfold train --config FILE --show-config`"
      ),
      (
        "ranking_debug.json", "{\"plddts\": {\"mini\": 50}, \"order\": [\"mini\"]}",
        "JSON results of a prediction", "no input; docs/file-formats.md says what it holds"
      ),
      (
        "timings.json", "{\"features\": 0.25, \"predict_and_compile_mini\": 2.5}",
        "JSON results of a prediction", "no input; docs/file-formats.md says what it holds"
      ),
      (
        "pae_mini.json", "[{\"predicted_aligned_error\": [[0]]}]", "JSON results of a prediction",
        "no input; docs/file-formats.md says what it holds"
      ),
    ])
  func good(name: String, text: String, format: String, content: String) throws {
    let found = try examine(name, text)
    #expect(found.format == format && found.content == content)
    #expect(found.findings == [])
  }

  @Test(
    "what predict writes is no configuration",
    arguments: [
      "{\"network\": \"mini\", \"fingerprint\": \"0a\", \"recycle_history\": []}",
      "{\"mini\": {\"matched_by\": \"numbers\", \"scores\": []}}",
      "[{\"target\": \"a\", \"status\": 65, \"reason\": \"x\"}]",
    ])
  func results(text: String) throws {
    let found = try examine("a.json", text)
    #expect(found.format == "JSON results of a prediction" && found.findings == [])
  }

  @Test(
    "what helixfold writes for people and other programs is named, and no broken input",
    arguments: [
      ("report.html", "<!doctype html>\n<html lang=\"en\">\n", "HTML page"),
      ("plot_plddt.svg", "<svg xmlns=\"http://www.w3.org/2000/svg\"></svg>\n", "SVG drawing"),
      ("store.tsv", "path\ttargets\tchecksum\ns.h5\t4\t0a\n", "table of a training store"),
      (
        "summary.tsv",
        "target\tstate\tresidues\tmsa_rows\tneff\tbest_model\tplddt\tptm\tseconds\treason\tpeak_bytes\n",
        "table of targets"
      ),
      (
        "templates.tsv", "hit\tname\tsum_probs\taligned\tused\tatoms\treason\n",
        "table of templates"
      ),
      (
        "events.out.tfevents.1", "\u{18}\0\0\0\0\0\0\0abcd\t\0\0\0\u{1a}\rbrain.Event:2abcd",
        "TensorBoard event file"
      ),
    ])
  func written(_ name: String, _ text: String, _ format: String) throws {
    let found = try examine(name, text)
    #expect(found.format == format && found.findings == [])
    #expect(found.content == "no input; docs/file-formats.md says what it holds")
  }

  @Test("an hhr file with fewer hits than its table lists, and hits without their end, are named")
  func cutHits() throws {
    let table = " No Hit  Prob\n  1 1abc_A 99.8\n  2 2abc_B 9.0\n  3 3abc_C 1.0\n"
    let found = try examine("a.hhr", HitReaderTests.hhr.replacing(" No Hit\n", with: table))
    #expect(found.isUsable && found.content == "2 hits")
    #expect(found.findings.map(\.severity) == [.warning])
    #expect(found.findings[0].message.contains("a.hhr:4: the table lists 3 hits, 2 follow"))
    let hits = try HmmsearchHits.parse(
      InputText(name: "a.sto", "# STOCKHOLM 1.0\n1abc_A/3-6 MKAY\n"), target: "MKAY")
    #expect(hits.hits.count == 1)
    #expect(
      hits.skipped.map(\.description) == [
        "a.sto:2: the line // at the end is missing; the file was perhaps cut short"
      ])
  }

  @Test("a drawing in PNG is named")
  func drawing() throws {
    let bytes: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]
    let found = try examine("plot_pae.png", bytes)
    #expect(found.format == "PNG drawing" && found.findings == [])
  }

  @Test("an npz file of features is read as a prediction would read it")
  func archiveOfFeatures() throws {
    let folder = try ScratchFolder()
    let path = folder.file("a.npz")
    func findings(width: Int) throws -> [String] {
      try NumpyArchive.write(
        [
          ("aatype", .int32(NDArray(repeating: 0, shape: [4]))),
          ("residue_index", .int32(NDArray(shape: [4], values: [0, 1, 2, 3]))),
          ("msa", .int32(NDArray(repeating: 0, shape: [2, width]))),
          ("deletion_matrix_int", .int32(NDArray(repeating: 0, shape: [2, width]))),
        ], to: path, deflated: true)
      let found = FileDoctor.examine(path)
      return found.findings.map(\.message) + (found.isUsable ? [found.content] : [])
    }
    #expect(try findings(width: 4) == ["4 residues, 2 rows"])
    let wrong = try findings(width: 5)
    #expect(wrong.count == 1 && wrong[0].contains("'msa'"), "\(wrong)")
  }

  @Test("the log of a training run is named, and a page under the name of an input is none")
  func logAndPage() throws {
    let line = #"{"event":"step","loss":1.5,"seconds":2,"step":0}"# + "\n"
    for text in [line, line + line] {
      let found = try examine("log.jsonl", text)
      #expect(found.format == "training log" && found.findings == [])
      #expect(found.content == "examined by `helixfold plot FILE`")
    }
    #expect(try !examine("1abc.pdb", "<!doctype html>\n<html>Not found</html>\n").isUsable)
  }

  @Test(
    "check and predict agree on what is an alignment, whatever the file is called",
    arguments: ["a.fasta", "a.fa", "a.faa", "a.seq", "a.txt", "a"],
    [
      (">t\nMKAY\n>h\nMK-Y\n", true), (">t\nMKAY\n>h\nMKKY\n", false),
      (">t\nMKAY\n>h\nMK-YK\n", false), (">t\nM-AY\n>h\nMKAY\n", false),
    ])
  func alignments(name: String, content: (text: String, isAlignment: Bool)) throws {
    let found = try examine(name, content.text)
    #expect(found.format == (content.isAlignment ? "A3M alignment" : "FASTA"))
    let text = InputText(name: name, content.text)
    #expect(try (Alignment.found(in: text) != nil) == content.isAlignment)
    if content.isAlignment { #expect(found.isUsable && found.content == "2 rows, 4 columns") }
  }

  @Test("a pickle of features is recognised where it is packed with gzip")
  func packedPickle() throws {
    let found = try examine("features.pkl.gz", [UInt8](PackedFeatures.data))
    #expect(found.format == "pickle of features" && found.content == "4 residues, 2 rows")
    #expect(found.findings == [])
  }

  @Test(
    "parameter files are sent to the command that examines them",
    arguments: [
      ("openfold_part.pt", "PyTorch parameters"), ("helixfold_part.pdparams", "Paddle parameters"),
    ])
  func parameters(name: String, format: String) {
    let found = FileDoctor.examine(SourceTree.file("Tests/WeightsTests/Fixtures/\(name)"))
    #expect(found.format == format && found.isUsable)
    #expect(found.content == "examined by `helixfold weights inspect FILE`")
  }

  @Test(
    "the finding on a bad file is one line with the cause, and a remedy follows",
    arguments: [
      ("a.fasta", ">t\nMK1Y\n", "a.fasta:2:3: '1' is not an amino acid", "remove the character"),
      ("a.fasta", ">t\nMK:AY\n", "a.fasta:2:3: ':' separates chains", "give each chain a record"),
      ("a.fasta", ">t\nMK-Y\n", "a.fasta:2:3: '-' is a gap", "remove the gaps"),
      (
        "a.a3m", ">t\nMKAY\n>h\nMKA\n", "a.a3m:3: row 2 ('h') has 3 columns, the first row has 4",
        "align"
      ),
      (
        "a.a3m", ">t\nMKaY\n>h\nMKY\n", "a.a3m:2:3: 'a' is an insertion, but the first row",
        "in upper case"
      ),
      ("a.a3m", ">t\nM-AY\n>h\nMKAY\n", "the first row has gaps", "put the target's ungapped"),
      (
        "a.hhr", "Query x\nNo 1\nfoo\nbar\n", "a.hhr:3: expected '>' and a name",
        "this hit is left out"
      ),
      ("a.json", "{\"sets\": 3}", "'sets' must be a", "correct this value"),
      ("a.json", "{\"block\": 3}", "unknown key 'block'; known here are", "check the spelling"),
      (
        "a.json", "{\"recycles\": -1}", "'recycles' is -1, expected 0 to 1000", "correct this value"
      ),
      ("a.json", "[3]", "is not a JSON object", "write one JSON object"),
      ("a.json", "{,}", "is no valid JSON", "check commas"),
      ("a.pdb", "", "expected FASTA, A3M, Stockholm", "make the file again"),
      ("a.cif", "data_x\n_entry.id x\n", "_atom_site", "export the structure again"),
      ("a.npz", "PK\u{3}\u{4}junk", "a.npz", "make the file again"),
      ("complex.npz", "PK\u{3}\u{4}junk", "complex.npz", "make the file again"),
      ("a.pdb", "ATOM      1  CA  ALA A   1         nan   0.000   0.000\n", "finite", "coordinate"),
      ("a.h5", "\u{89}HDF", "a.h5", "make the file again"),
    ])
  func bad(name: String, text: String, message: String, remedy: String) throws {
    let bytes = name == "a.h5" ? [0x89] + Array("HDF".utf8) : Array(text.utf8)
    let found = try examine(name, bytes)
    let finding = try #require(found.findings.first)
    #expect(finding.message.contains(message), "\(finding.message)")
    #expect(!finding.message.contains("\n"))
    #expect(finding.remedy.contains(remedy), "\(finding.remedy)")
  }

  @Test("unusual residues are a warning that names positions, not an error")
  func unusual() throws {
    let found = try examine("a.fasta", ">t\nmkuoz*\n")
    #expect(found.isUsable)
    #expect(found.findings.count == 3)
    #expect(found.findings[1].message.contains("'U' is read as 'C' at position 3"))
  }

  @Test("a missing file and a folder are named")
  func paths() {
    #expect(
      FileDoctor.examine("/nowhere/x").findings.map(\.message) == ["/nowhere/x: no such file"])
    #expect(FileDoctor.examine("/tmp").findings.first?.message.contains("it is a folder") ?? false)
  }

  @Test("the committed list of databases is understood and has the four sets")
  func catalog() throws {
    let catalog = try DatabaseCatalog.parse(
      InputText(path: SourceTree.file("data/databases.json")))
    #expect(catalog.sets.map(\.name) == ["af2-full", "af2-reduced", "colabfold", "fasta"])
    #expect(throws: SearchFailure.self) { try catalog.set(named: "full") }
  }
}
