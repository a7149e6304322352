import BasicTestSupport
import Foundation
import Testing

/// `score` and `evaluate` as a user meets them: statuses, one-line messages, files.
@Suite("Commands for scoring")
struct ScoreAndEvaluateTests {
  /// A chain of glycines as PDB text.
  static func chain(_ count: Int, name: String = "GLY", atom: String = "CA", wrongX: String? = nil)
    -> String
  {
    (0..<count).map { index in
      let x = String(format: "%8.3f", 3.0 * cos(0.9 * Double(index)))
      let y = String(format: "%8.3f", 3.0 * sin(0.9 * Double(index)))
      let z = String(format: "%8.3f", 1.5 * Double(index))
      let number = String(format: "%4d", index + 1)
      return "ATOM  \(String(format: "%5d", index + 1))  \(atom)  \(name) A\(number)    "
        + "\(index == 2 ? wrongX ?? x : x)\(y)\(z)  1.00 50.00           C  "
    }.joined(separator: "\n") + "\nEND\n"
  }

  /// The line `hello world`, packed by gzip.
  static let packedText =
    Data(
      base64Encoded: "H4sIAAAAAAAAA8tIzcnJVyjPL8pJ4QIALTsIrwwAAAA=") ?? Data()

  @Test(
    "a model that cannot be scored is one line and its status",
    arguments: [
      ("no C-alpha", Data(chain(9, atom: "CB").utf8), 65, "no C-alpha"),
      ("other sequence", Data(chain(9, name: "TRP").utf8), 65, "different sequences"),
      ("no chain", Data("END\n".utf8), 65, "model.pdb"),
      ("water only", Data(chain(3, name: "HOH").utf8), 65, "no amino acid"),
      ("NaN", Data(chain(9, wrongX: "     nan").utf8), 65, "model.pdb:3"),
      ("infinite", Data(chain(9, wrongX: "     inf").utf8), 65, "model.pdb:3"),
      ("no number", Data(chain(9, wrongX: "  what??").utf8), 65, "model.pdb"),
      ("gzip of something else", packedText, 65, "model.pdb"),
      ("broken gzip", Data(packedText.prefix(20)), 65, "model.pdb"),
      ("empty", Data(), 65, "model.pdb"), ("binary", Data([0, 1, 2, 255]), 65, "model.pdb"),
    ])
  func badModels(_ name: String, _ content: Data, _ status: Int, _ text: String) throws {
    let folder = try ScratchFolder()
    try content.write(to: folder.url("model.pdb"))
    try Data(Self.chain(9).utf8).write(to: folder.url("native.pdb"))
    for arguments in [["model.pdb", "native.pdb"], ["native.pdb", "model.pdb"]] {
      let result = try Command.run(["score"] + arguments, in: folder)
      #expect(result.status == Int32(status), "\(name): \(result.errors)")
      #expect(result.errors.split(separator: "\n").count == 1, "\(name): \(result.errors)")
      #expect(result.errors.contains(text), "\(name): \(result.errors)")
      #expect(result.output.isEmpty)
    }
  }

  @Test("a file that is not there has status 66")
  func missing() throws {
    let result = try Command.run(["score", "nowhere.pdb", "nowhere.cif"])
    #expect(result.status == 66)
    #expect(result.errors.contains("nowhere.pdb"))
  }

  @Test("models of a file are chosen by their numbers")
  func modelNumber() throws {
    let folder = try ScratchFolder()
    let models = [(3, 9), (5, 7)].map { "MODEL        \($0)\n\(Self.chain($1))ENDMDL\n" }
    try Data(models.joined().utf8).write(to: folder.url("models.pdb"))
    try Data(Self.chain(9).utf8).write(to: folder.url("native.pdb"))
    for (arguments, note) in [
      (["models.pdb", "native.pdb"], "the model file has 2 models; the first is used"),
      (["models.pdb", "native.pdb", "--model-number", "5"], "the model lacks 2 of 9 residues"),
      (["native.pdb", "models.pdb", "--reference-number", "5"], "the reference lacks 2 residues"),
    ] {
      let result = try Command.run(["score"] + arguments, in: folder)
      #expect(result.status == 0 && result.output.contains("note: \(note)"), "\(result.output)")
    }
    let wrong = try Command.run(
      ["score", "models.pdb", "native.pdb", "--model-number", "1"], in: folder)
    #expect(wrong.status == 65)
    #expect(wrong.errors.contains("models.pdb: no model 1, the file has 3, 5"), "\(wrong.errors)")
  }

  @Test("evaluate scores what is there, lists the rest, and says so in its status")
  func evaluate() throws {
    let folder = try ScratchFolder()
    for place in ["natives", "models"] {
      try FileManager.default.createDirectory(
        at: folder.url(place), withIntermediateDirectories: true)
    }
    for (id, count) in [("a", 30), ("b", 40)] {
      try Data(Self.chain(count).utf8).write(to: folder.url("natives/\(id).pdb"))
    }
    try Data(Self.chain(30).utf8).write(to: folder.url("models/a.pdb"))
    let arguments = ["evaluate", "natives", "--predictions", "good=models", "-o", "out"]
    let first = try Command.run(arguments, in: folder)
    #expect(first.status == 1, "\(first.errors)")
    #expect(first.output.contains("failed: b by good"))
    for name in ["scores.csv", "targets.csv", "evaluation.json", "report.html"] {
      #expect(FileManager.default.fileExists(atPath: folder.file("out/\(name)")))
    }
    try Data(Self.chain(40).utf8).write(to: folder.url("models/b.pdb"))
    let second = try Command.run(arguments, in: folder)
    #expect(second.status == 0)
    #expect(second.output.contains("1.0000"))
  }

  @Test(
    "wrong uses of evaluate have their statuses",
    arguments: [
      (["evaluate", "x"], 64), (["evaluate", "nowhere", "--predictions", "p"], 66),
      (["evaluate", "empty", "--predictions", "nowhere"], 66),
      (["evaluate", "empty", "--predictions", "p"], 65),
      (["evaluate", "empty", "--predictions", "p", "b=bad.json"], 66),
      (["evaluate", "bad.json", "--check-manifest"], 65),
      (["evaluate", "x", "--predictions", "a=b", "a=c"], 64),
      (["evaluate", "x", "--predictions", "a=b", "--plots", "gif"], 64),
    ])
  func statuses(_ arguments: [String], _ status: Int) throws {
    let folder = try ScratchFolder()
    for name in ["empty", "p"] {
      try FileManager.default.createDirectory(
        at: folder.url(name), withIntermediateDirectories: true)
    }
    try Data("{\"name\": \"n\", \"targets\": []}".utf8).write(to: folder.url("bad.json"))
    let result = try Command.run(arguments, in: folder)
    #expect(result.status == Int32(status), "\(result.errors)")
  }

  @Test(
    "evaluate under a launcher of several processes is refused before a file is written",
    arguments: [
      ["PMI_SIZE": "2"],
      ["SLURM_PROCID": "1", "SLURM_STEP_ID": "0", "SLURM_STEP_NUM_TASKS": "3"],
    ])
  func launched(_ variables: [String: String]) throws {
    let folder = try ScratchFolder()
    let result = try Command.run(
      ["evaluate", "x", "--predictions", "a=b", "-o", "out"], in: folder, variables: variables)
    #expect(
      result.status == 64 && result.errors.contains("does not share work"), "\(result.errors)")
    #expect(!FileManager.default.fileExists(atPath: folder.file("out")))
  }

  @Test(
    "limits of dataset build that are no numbers are refused",
    arguments: ["--max-resolution", "--min-resolved", "--max-residue-share"])
  func limits(_ option: String) throws {
    let result = try Command.run(["dataset", "build", "x.pdb", "-o", "x.h5", option, "nan"])
    #expect(result.status == 64, "\(result.errors)")
    #expect(result.errors.contains("of nan"), "\(result.errors)")
  }

  @Test("where no chain is left, the report says of each why")
  func emptyDataset() throws {
    let folder = try ScratchFolder()
    try Data(Self.chain(12).utf8).write(to: folder.url("x.pdb"))
    let result = try Command.run(
      ["dataset", "build", "x.pdb", "-o", "s.h5", "--min-length", "50"], in: folder)
    #expect(result.status == 65 && result.errors.contains("rejected: length 1"), "\(result.errors)")
    let report = try String(contentsOf: folder.url("s.report.tsv"), encoding: .utf8)
    #expect(report.contains("x\t") && report.contains("length"), "\(report)")
    #expect(!FileManager.default.fileExists(atPath: folder.file("s.h5")))
  }

  @Test("predict writes a page with its plots, and lays a reference under the model")
  func predictionPage() throws {
    let folder = try ScratchFolder()
    try Data(">a\nGGGGGGGGGGGG\n".utf8).write(to: folder.url("in.fasta"))
    try Data(Self.chain(12).utf8).write(to: folder.url("native.pdb"))
    let result = try Command.run(
      [
        "predict", "in.fasta", "--random-weights", "--preset", "tiny", "--num-recycle", "1", "-o",
        "out",
        "--reference", "native.pdb", "--plots", "svg",
      ], in: folder)
    #expect(result.status == 0, "\(result.errors)")
    #expect(
      result.errors.contains(
        /a tiny: lDDT-Cα \d\.\d{3} TM \d\.\d{3} GDT-TS \d\.\d{3} against native\.pdb/),
      "\(result.errors)")
    let scores = try String(
      contentsOf: folder.url("out/a/reference_scores.json"), encoding: .utf8)
    #expect(scores.contains("\"tm_score\"") && scores.hasPrefix("{\n  \"tiny\" : {"), "\(scores)")
    let html = try String(contentsOf: folder.url("out/a/report.html"), encoding: .utf8)
    for text in ["weights checksum", "random parameters", "TM-score", "id=\"view\"", "reference"] {
      #expect(html.contains(text), "\(text)")
    }
    for plot in ["plddt", "coverage", "recycles", "contacts"] {
      #expect(FileManager.default.fileExists(atPath: folder.file("out/a/plot_\(plot).svg")))
    }
  }
}
