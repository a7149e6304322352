import BasicTestSupport
import Foundation
import Testing

/// Commands on weights, stores and logs as a user meets them: what they refuse, and what is there afterwards.
@Suite("Commands on data and weights")
struct DataCommandTests {
  @Test(
    "a result that cannot be written is refused before anything is read",
    arguments: [
      ["validate", "none.h5", "--data", "none.h5", "-o", "nodir/x.tsv"],
      ["weights", "average", "none.h5", "-o", "nodir/x.h5"],
      ["weights", "convert", "none.h5", "nodir/x.h5"],
      ["dataset", "build", "nowhere", "-o", "nodir/x.h5"],
      ["dataset", "build", "nowhere", "-o", "x.h5", "--report", "nodir/x.tsv"],
      ["evaluate", "nowhere", "--predictions", "p", "-o", "file/out"],
      ["plot", "nowhere", "-o", "nodir/x.svg"], ["prepare", "none.fasta", "-o", "file/out"],
      ["dev", "forward", "--params", "none.h5", "--inputs", "x", "--output", "nodir/x.npz"],
      ["dev", "gradients", "--params", "none.h5", "--inputs", "x", "--output", "nodir/x.npz"],
    ])
  func unwritable(_ arguments: [String]) throws {
    let folder = try ScratchFolder()
    try Data("x".utf8).write(to: folder.url("file"))
    let result = try Command.run(arguments, in: folder)
    #expect(result.status == 73, "\(arguments): \(result.errors)")
    #expect(result.errors.contains("cannot write"), "\(result.errors)")
    #expect(try Self.names(folder) == ["file"])
  }

  @Test("weights are not written over an input")
  func sameFile() throws {
    let folder = try Self.weights()
    try FileManager.default.copyItem(at: folder.url("w.h5"), to: folder.url("v.h5"))
    try FileManager.default.createSymbolicLink(
      at: folder.url("link.h5"), withDestinationURL: folder.url("v.h5"))
    let before = try Data(contentsOf: folder.url("v.h5"))
    for arguments in [
      ["convert", "v.h5", "./v.h5", "--precision", "bf16"],
      ["average", "w.h5", "v.h5", "-o", "v.h5"], ["average", "w.h5", "v.h5", "-o", "link.h5"],
    ] {
      let result = try Command.run(["weights"] + arguments, in: folder)
      #expect(result.status == 64, "\(arguments): \(result.errors)")
      #expect(result.errors.contains("v.h5"))
    }
    #expect(try Data(contentsOf: folder.url("v.h5")) == before)
  }

  @Test(
    "stores in folders are verified, imports are stamped, and no ending is given another format")
  func storeFolders() throws {
    let folder = try ScratchFolder()
    try Data(">a\nMKVLA\n".utf8).write(to: folder.url("5d_A.feature.a3m"))
    let imported = try Command.run(["store", "import", "5d_A.feature.a3m", "-o", "s"], in: folder)
    #expect(imported.status == 0 && imported.output.hasPrefix("5d_A\t"), "\(imported.errors)")
    let shown = try Command.run(["store", "show", "s/5d_A.h5"], in: folder).output
    #expect(
      shown.contains("program     helixfold store import 0.") && shown.contains("created     20"))
    let verified = try Command.run(["store", "verify", "s"], in: folder)
    #expect(verified.output == "sound: 1 target\n", "\(verified.errors)")
    let refused = try Command.run(["store", "export", "s/5d_A.h5", "-o", "y.pkl"], in: folder)
    #expect(refused.status == 64 && refused.errors.contains("expected an ending .a3m or .npz"))
    #expect(!FileManager.default.fileExists(atPath: folder.file("y.pkl")))
    let forced = try Command.run(
      ["store", "export", "s/5d_A.h5", "-o", "y.pkl", "--format", "npz"], in: folder)
    #expect(forced.status == 0, "\(forced.errors)")
  }

  @Test("stores, structures and tables are not overwritten by what is made of them")
  func overwrittenInputs() throws {
    let folder = try ScratchFolder()
    try Data(ScoreAndEvaluateTests.chain(30).utf8).write(to: folder.url("a.pdb"))
    try Data("chain\tcluster\na\ta\n".utf8).write(to: folder.url("c.tsv"))
    try Data(">a\nMKVLA\n".utf8).write(to: folder.url("in.fasta"))
    _ = try Command.run(["prepare", "in.fasta", "-o", "."], in: folder)
    let names = try Self.names(folder)
    let before = try names.map { try Data(contentsOf: folder.url($0)) }
    for arguments in [
      ["store", "export", "a.h5", "-o", "./a.h5"], ["store", "pack", "a.h5", "-o", "a.h5"],
      ["dataset", "build", "a.pdb", "-o", "a.pdb"],
      ["dataset", "build", "a.pdb", "-o", "x.h5", "--report", "x.h5"],
      ["dataset", "build", "a.pdb", "-o", "x.h5", "--report", "a.pdb"],
      ["dataset", "build", "a.pdb", "-o", "c.tsv", "--clusters", "c.tsv"],
      ["validate", "a.h5", "--data", "in.h5", "-o", "./in.h5"],
      ["validate", "a.h5", "--data", "in.h5", "-o", "a.h5"],
    ] {
      let result = try Command.run(arguments, in: folder)
      #expect(result.status == 64, "\(arguments): \(result.errors)")
      #expect(result.errors.contains("choose another name"), "\(result.errors)")
    }
    #expect(try Self.names(folder) == names)
    #expect(try names.map { try Data(contentsOf: folder.url($0)) } == before)
  }

  @Test("endings that are not written are refused with those that are", arguments: ["x.pt", "x.y"])
  func unwritableFormat(_ name: String) throws {
    let folder = try Self.weights()
    for arguments in [["convert", "w.h5", name], ["average", "w.h5", "-o", name]] {
      let result = try Command.run(["weights"] + arguments, in: folder)
      #expect(result.status == 64, "\(result.errors)")
      #expect(result.errors.contains("can write .h5 or .npz"), "\(result.errors)")
    }
    #expect(try Self.names(folder) == ["w.h5"])
  }

  @Test("an average of random numbers says that it is random, alone or among others")
  func randomAverage() throws {
    let folder = try Self.weights()
    // An npz cannot say that it is random, so its copy passes for trained.
    for arguments in [
      ["convert", "w.h5", "t.npz"], ["convert", "t.npz", "t.h5"],
      ["average", "t.h5", "w.h5", "-o", "mixed.h5"], ["average", "t.h5", "-o", "alone.h5"],
    ] {
      let result = try Command.run(["weights"] + arguments, in: folder)
      #expect(result.status == 0, "\(result.errors)")
    }
    for (name, isRandom) in [("mixed.h5", true), ("alone.h5", false)] {
      let result = try Command.run(["weights", "inspect", name], in: folder)
      #expect(result.output.contains("random numbers") == isRandom, "\(name)")
    }
  }

  @Test("what an npz file cannot hold is said: that numbers are random, and a licence")
  func lostMarks() throws {
    let folder = try Self.weights()
    for arguments in [["convert", "w.h5", "a.npz"], ["init", "b.npz", "--preset", "tiny"]] {
      let result = try Command.run(["weights"] + arguments, in: folder)
      #expect(result.status == 0, "\(result.errors)")
      #expect(result.errors.contains("npz holds random numbers and cannot say so"))
    }
    let refused = try Command.run(
      ["weights", "convert", "w.h5", "c.npz", "--licence", "CC0"], in: folder)
    #expect(refused.status == 64)
    #expect(refused.errors.contains("c.npz: only .h5 files record a --licence"))
    #expect(try Self.names(folder) == ["a.npz", "b.npz", "w.h5"])
  }

  @Test("convert writes the configuration that is asked for, also from a file of ours")
  func convertedPreset() throws {
    let folder = try Self.weights()
    try folder.write(#"{"preset": "tiny", "recycles": 2}"#, to: "net.json")
    let made = try Command.run(
      ["weights", "convert", "w.h5", "x.h5", "--preset", "net.json"], in: folder)
    #expect(made.status == 0, "\(made.errors)")
    let report = try Command.run(["weights", "inspect", "x.h5"], in: folder)
    #expect(report.output.contains("passes       3"), "\(report.output)")
  }

  @Test("inspect goes on after a file that cannot be read, and ends with 65")
  func inspectedDamage() throws {
    let folder = try Self.weights()
    try folder.write("ATOM", to: "bad.h5")
    let result = try Command.run(["weights", "inspect", "bad.h5", "w.h5"], in: folder)
    #expect(result.status == 65)
    #expect(result.errors.contains("bad.h5: cannot be opened"), "\(result.errors)")
    #expect(result.output.contains("  complete"), "\(result.output)")
  }

  @Test("inspect takes a folder for the parameter files in it")
  func inspectedFolder() throws {
    let folder = try Self.weights()
    try FileManager.default.copyItem(at: folder.url("w.h5"), to: folder.url("v.h5"))
    let result = try Command.run(["weights", "inspect", "."], in: folder)
    #expect(result.status == 0, "\(result.errors)")
    let alone = try Command.run(["weights", "inspect", "./v.h5", "./w.h5"], in: folder)
    #expect(result.output == alone.output)
  }

  @Test("a folder without feature files is neither packed nor called sound")
  func emptyPack() throws {
    let folder = try ScratchFolder()
    try FileManager.default.createDirectory(
      at: folder.url("empty"), withIntermediateDirectories: true)
    let result = try Command.run(["store", "pack", "empty", "-o", "x.h5"], in: folder)
    #expect(result.status == 65, "\(result.errors)")
    #expect(result.errors.contains("empty: no targets"), "\(result.errors)")
    #expect(try Self.names(folder) == ["empty"])
    let verified = try Command.run(["store", "verify", "empty"], in: folder)
    #expect(verified.status == 65 && verified.output.isEmpty)
    #expect(verified.errors.contains("empty: holds no feature files"), "\(verified.errors)")
  }

  @Test("prepare ends with the status of its only failure, and with 1 where others succeeded")
  func prepareStatus() throws {
    let folder = try ScratchFolder()
    try Data(">a\nMKV1A\n".utf8).write(to: folder.url("bad.fasta"))
    try Data(">a\nMKV1A\n>b\nMKVLA\n".utf8).write(to: folder.url("mixed.fasta"))
    for (input, status) in [("bad.fasta", 65), ("mixed.fasta", 1)] {
      let result = try Command.run(["prepare", input, "-o", "."], in: folder)
      #expect(result.status == Int32(status), "\(result.errors)")
    }
  }

  @Test("features are prepared with templates, and a table says what became of each structure")
  func preparedTemplates() throws {
    let folder = try ScratchFolder()
    let (fasta, native) = (
      SourceTree.file("data/demo/4cup_A.fasta"), SourceTree.file("data/demo/4cup_A.pdb")
    )
    let result = try Command.run(
      ["prepare", fasta, "--template", native, "-o", "."], in: folder)
    #expect(result.status == 0, "\(result.errors)")
    #expect(try folder.read("4cup_A/templates.tsv").contains("template 1"))
    let list = try Command.run(["store", "list", "4cup_A.h5"], in: folder)
    #expect(list.output.contains("\n4cup_A\t115\t1\t1\t"), "\(list.output)")
    let missing = try Command.run(
      ["prepare", fasta, "--template", "none.pdb", "-o", "other"], in: folder)
    #expect(missing.status == 66 && missing.errors.split(separator: "\n").count == 1)
    #expect(!FileManager.default.fileExists(atPath: folder.file("other")))
  }

  @Test("a store without labels sends the user to dataset build")
  func unlabelled() throws {
    let folder = try Self.weights()
    try Data(">a\nMKVLA\n".utf8).write(to: folder.url("in.fasta"))
    let prepared = try Command.run(["prepare", "in.fasta", "-o", "."], in: folder)
    #expect(prepared.output == "a\t5 residues\t1 row\t./a.h5\n")
    for arguments in [
      ["train", "--config", "tiny", "--data", "a.h5"], ["validate", "w.h5", "--data", "a.h5"],
    ] {
      let result = try Command.run(arguments, in: folder)
      #expect(result.status == 65, "\(result.errors)")
      #expect(result.errors.contains("no labels"), "\(result.errors)")
      #expect(result.errors.contains("dataset build"), "\(result.errors)")
    }
  }

  @Test("dataset build says once what it does without clusters")
  func clusters() throws {
    let folder = try ScratchFolder()
    try Data(ScoreAndEvaluateTests.chain(30).utf8).write(to: folder.url("a.pdb"))
    try Data("chain\tcluster\na\ta\n".utf8).write(to: folder.url("c.tsv"))
    let build = [
      "dataset", "build", "a.pdb", "-o", "x.h5", "--min-resolved", "0", "--max-residue-share", "1",
    ]
    for (arguments, count) in [(build, 1), (build + ["--clusters", "c.tsv"], 0)] {
      let result = try Command.run(arguments, in: folder)
      #expect(result.status == 0, "\(result.errors)")
      #expect(result.errors.components(separatedBy: "without --clusters").count == 1 + count)
      #expect(result.errors.contains("kept 1 of 1 chain\n"), "\(result.errors)")
    }
  }

  @Test("dataset build counts the chains that the table lacks, and refuses one that names none")
  func unlistedChains() throws {
    let folder = try ScratchFolder()
    for name in ["a.pdb", "b.pdb"] {
      try Data(ScoreAndEvaluateTests.chain(30).utf8).write(to: folder.url(name))
    }
    let build = [
      "dataset", "build", "a.pdb", "b.pdb", "-o", "x.h5", "--min-resolved", "0",
      "--max-residue-share", "1", "--clusters", "c.tsv",
    ]
    for (chains, count) in [(["a", "b"], 0), (["a"], 1)] {
      let table = (["chain\tcluster"] + chains.map { "\($0)\tk" }).joined(separator: "\n")
      try Data((table + "\n").utf8).write(to: folder.url("c.tsv"))
      let result = try Command.run(build, in: folder)
      #expect(result.status == 0, "\(result.errors)")
      #expect(
        result.errors.components(separatedBy: "1 of 2 chains are not in c.tsv:").count == 1 + count,
        "\(result.errors)")
    }
    try Data("chain\tcluster\nc\tk\n".utf8).write(to: folder.url("c.tsv"))
    try FileManager.default.removeItem(at: folder.url("x.h5"))
    let result = try Command.run(build, in: folder)
    #expect(result.status == 65, "\(result.errors)")
    #expect(
      result.errors.contains("c.tsv: names none of the 2 chains read, such as 'a'"),
      "\(result.errors)")
    #expect(!FileManager.default.fileExists(atPath: folder.file("x.h5")))
  }

  @Test("names in a store cannot command the terminal or break the lines of list and show")
  func hostileStore() throws {
    let folder = try ScratchFolder()
    try Data(ScoreAndEvaluateTests.chain(30).utf8).write(to: folder.url("a.pdb"))
    try Data("chain\tcluster\na\tk\u{1B}[2J\u{2028}b\n".utf8).write(to: folder.url("c.tsv"))
    let built = try Command.run(
      [
        "dataset", "build", "a.pdb", "-o", "x.h5", "--min-resolved", "0", "--max-residue-share",
        "1", "--clusters", "c.tsv",
      ], in: folder)
    #expect(built.status == 0, "\(built.errors)")
    let list = try Command.run(["store", "list", "x.h5"], in: folder)
    let rows = list.output.split(separator: "\n").map { $0.split(separator: "\t") }
    #expect(rows.map(\.count) == [9, 9] && rows.last?.dropLast().last == #"k\u{1b}[2J\u{2028}b"#)
    let name = "x\u{1B}[2J\n\t.a3m"
    let letters = String(repeating: "MKVLA", count: 300)
    try Data(">t\n\(letters)\n".utf8).write(to: folder.url(name))
    let imported = try Command.run(
      ["store", "import", name, "-o", "out", "--id", "t"], in: folder)
    #expect(imported.status == 0, "\(imported.errors)")
    let shown = try Command.run(["store", "show", "out/t.h5"], in: folder).output
    #expect(shown.contains(#"alignment   x\u{1b}[2J\u{a}\u{9}.a3m: 1 row"#), "\(shown)")
    #expect(shown.contains("sequence    \(letters)\n"), "a sequence is shown whole")
    #expect(!shown.contains("\u{1B}"))
  }

  @Test("sets of databases are found from any folder, the file of the current one first")
  func databases() throws {
    let folder = try ScratchFolder()
    let installed = try Command.run(["databases", "list"], in: folder)
    #expect(installed.status == 0, "\(installed.errors)")
    #expect(installed.output.contains("af2-reduced"))
    try FileManager.default.createDirectory(
      at: folder.url("data"), withIntermediateDirectories: true)
    try Data(#"{"sets": [{"name": "mine", "description": "d", "databases": []}]}"#.utf8)
      .write(to: folder.url("data/databases.json"))
    #expect(try Command.run(["databases", "list"], in: folder).output == "mine\td\n")
    let none = try Command.run(["databases", "list", "--databases", "none.json"], in: folder)
    #expect(none.status == 66)
  }

  @Test(
    "a missing configuration or log has status 66, a wrong one 65",
    arguments: [
      (["train", "--config", "nope", "--data", "x.h5"], 66),
      (["train", "--config", "bad.json", "--data", "x.h5"], 65),
      (["plot", "run", "-o", "x.svg"], 66), (["plot", "nowhere", "-o", "x.svg"], 66),
      (["plot", "bad.json", "-o", "x.svg"], 65),
    ])
  func missing(_ arguments: [String], _ status: Int) throws {
    let folder = try ScratchFolder()
    try FileManager.default.createDirectory(
      at: folder.url("run"), withIntermediateDirectories: true)
    try Data("[]\n".utf8).write(to: folder.url("bad.json"))
    let result = try Command.run(arguments, in: folder)
    #expect(result.status == Int32(status), "\(arguments): \(result.errors)")
  }

  @Test(
    "a wrong npz in place of processed features is bad input", arguments: ["forward", "gradients"])
  func wrongArchive(_ command: String) throws {
    let folder = try Self.weights()
    _ = try Command.run(["weights", "convert", "w.h5", "w.npz"], in: folder)
    let result = try Command.run(
      ["dev", command, "--params", "w.h5", "--inputs", "w.npz", "--output", "x.npz"], in: folder)
    #expect(result.status == 65, "\(result.errors)")
    #expect(result.errors.contains("wanted: processed features"), "\(result.errors)")
  }

  @Test("an npz that is taken for another network says so when it is written, and int8 is no npz")
  func lostConfiguration() throws {
    let folder = try ScratchFolder()
    try FileManager.default.copyItem(
      at: SourceTree.root.appendingPathComponent("weights/default.h5"), to: folder.url("w.h5"))
    let lost = try Command.run(["weights", "convert", "w.h5", "w.npz"], in: folder)
    #expect(lost.status == 0 && lost.errors.contains("use it with --num-recycle 1"))
    let kept = try Command.run(["weights", "convert", "w.h5", "same.h5"], in: folder)
    #expect(kept.status == 0 && kept.errors.isEmpty)
    let refused = try Command.run(
      ["weights", "convert", "w.h5", "x.npz", "--precision", "int8"], in: folder)
    #expect(refused.status == 64 && refused.errors.contains("x.npz"))
  }

  @Test("a limit of memory in bytes is taken for a forgotten unit")
  func unit() throws {
    let result = try Command.run(
      ["predict", "-", "--random-weights", "--preset", "tiny", "--max-memory", "8"],
      in: try ScratchFolder(), input: ">a\nMKV\n")
    #expect(result.status == 64, "\(result.errors)")
    #expect(result.errors.contains("8GiB"), "\(result.errors)")
  }

  /// A folder with `w.h5`, random parameters of the tiny network.
  private static func weights() throws -> ScratchFolder {
    let folder = try ScratchFolder()
    let made = try Command.run(["weights", "init", "w.h5", "--preset", "tiny"], in: folder)
    #expect(made.status == 0, "\(made.errors)")
    return folder
  }

  private static func names(_ folder: ScratchFolder) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
  }
}
