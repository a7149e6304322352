import BasicTestSupport
import Foundation
import Testing

/// Streams that are closed or full, folders in place of files, and wishes that nobody can fulfil: a line and a status, never a trap.
@Suite("Hostile surroundings")
struct HostileSurroundingsTests {
  @Test(
    "closed and full streams do not stop a prediction",
    arguments: ["2>&-", "<&-", "2>/dev/full", "<&- >&- 2>&-"])
  func streams(_ redirection: String) throws {
    let folder = try Self.folder()
    let result = try Command.run(Self.tiny + ["in.fasta"], in: folder, redirection: redirection)
    #expect(result.status == 0, "\(result.errors)")
    let pdb = try String(contentsOf: folder.url("out/a/ranked_0.pdb"), encoding: .utf8)
    #expect(pdb.contains("\nEND") && !pdb.contains("ranked_0.pdb"))
  }

  @Test("a standard output that takes nothing has status 74")
  func fullOutput() throws {
    let result = try Command.run(
      Self.tiny + ["in.fasta"], in: try Self.folder(), redirection: ">/dev/full")
    #expect(result.status == 74, "\(result.errors)")
    #expect(result.errors.contains("<stdout>: cannot write"))
  }

  @Test("a file that may not grow has status 74, as on a full disk")
  func fileLimit() throws {
    // The report has more than 50 kB; blocks are of 512 or 1024 bytes.
    let result = try Command.run(
      Self.tiny + ["in.fasta"], in: try Self.folder(), limit: "ulimit -f 24")
    #expect(result.status == 74, "\(result.errors)")
    #expect(!result.output.contains("report.html"), "\(result.output)")
  }

  // Where not even the runtime gets the memory that it asks for, a program that is not optimized traps.
  @Test(
    "where the system refuses threads a prediction ends, well or for want of memory",
    .enabled(if: isOptimized, "needs more memory than is left in a debug build"))
  func refusedThreads() throws {
    // Stacks of 200 threads, 8 MiB each, do not fit; what else a prediction needs may or may not.
    let result = try Command.run(
      Self.tiny + ["in.fasta", "--threads", "200"], in: try Self.folder(),
      limit: "ulimit -v 700000")
    #expect([0, 75].contains(result.status), "\(result.errors)")
  }

  @Test("weights in a file that may not grow have status 74 and the system's reason")
  func weightsLimit() throws {
    let result = try Command.run(
      ["weights", "init", "w.h5", "--preset", "mini"], in: try Self.folder(), limit: "ulimit -f 24")
    #expect(result.status == 74, "\(result.errors)")
    #expect(result.errors.contains("w.h5: cannot write: "), "\(result.errors)")
  }

  @Test(
    "packing into a file that may not grow has status 74 and leaves nothing",
    arguments: [1, 3, 6])
  func packingLimit(_ blocks: Int) throws {
    let folder = try Self.folder()
    for name in ["a", "b"] {
      let made = try Command.run(
        ["prepare", "-", "-o", "made"], in: folder, input: ">\(name)\nMKVLA\n")
      #expect(made.status == 0, "\(made.errors)")
    }
    let result = try Command.run(
      ["store", "pack", "made", "-o", "packed.h5"], in: folder, limit: "ulimit -f \(blocks)")
    #expect(result.status == 74, "\(result.errors)")
    #expect(result.errors.hasPrefix("helixfold: packed.h5: "), "\(result.errors)")
    let left = try FileManager.default.contentsOfDirectory(atPath: folder.path)
    #expect(!left.contains { $0.hasPrefix("packed") }, "\(left)")
  }

  @Test(
    "a standard input that is closed or a folder is named",
    arguments: [
      ("<&-", 65, "<stdin>: is empty"), ("<.", 66, "<stdin>: cannot be read"),
    ])
  func standardInput(_ redirection: String, _ status: Int, _ text: String) throws {
    let result = try Command.run(Self.tiny + ["-"], in: try Self.folder(), redirection: redirection)
    #expect(result.status == Int32(status), "\(result.errors)")
    #expect(result.errors.contains(text), "\(result.errors)")
  }

  @Test(
    "a folder in place of a file has status 66 and one line, one without inputs 65",
    arguments: [
      ["predict", "folder.pt"], ["predict", "--features", "folder.h5"],
      ["predict", "in.fasta", "--reference", "."],
      ["predict", "in.fasta", "--weights", "folder.h5"],
      ["predict", "in.fasta", "--weights", "folder.npz"],
      ["predict", "in.fasta", "--weights", "folder.pt"],
      ["predict", "in.fasta", "--weights", "none.xyz"],
      ["predict", "in.fasta", "--random-weights", "--preset", "folder.json"],
      ["predict", "in.fasta", "--random-weights", "--preset", "none.json"],
      ["prepare", "folder.pt", "-o", "out"], ["store", "list", "folder.h5"],
      ["weights", "inspect", "folder.h5"],
      ["evaluate", "folder.json", "--predictions", "folder.h5"],
    ])
  func folders(_ arguments: [String]) throws {
    let folder = try Self.folder()
    for name in ["folder.h5", "folder.npz", "folder.pt", "folder.json"] {
      try FileManager.default.createDirectory(
        at: folder.url(name), withIntermediateDirectories: true)
    }
    let result = try Command.run(arguments, in: folder)
    let takesFolder =
      ["evaluate", "prepare"].contains(arguments[0])
      || ["folder.pt", "--features"].contains(arguments[1])
    let expected: Int32 = takesFolder ? 65 : 66
    #expect(result.status == expected, "\(arguments): \(result.errors)")
    let lines = result.errors.split(separator: "\n").filter { !$0.hasPrefix("warning") }
    #expect(lines.count == 1, "\(arguments): \(result.errors)")
  }

  @Test(
    "what is not there is told in one line",
    arguments: [
      (["predict", "in.fasta", "--relax"], "relaxation"),
      (["predict", "in.fasta", "--uniref90_database_path=x"], "--database NAME=PATH"),
      (["predict", "in.fasta", "--jackhmmer_binary_path", "x"], "--jackhmmer PATH"),
      (["predict", "in.fasta", "--msa-mode", "single_sequence"], "--database NAME=PATH"),
      (["predict", "in.fasta", "--custom-template-path=x"], "--template FILE"),
      (["predict", "in.fasta", "--use_precomputed_msas"], "--cache FOLDER"),
      (["predict", "in.fasta", "--gpu"], "CPUs"),
      (["predict", "in.fasta", "--models_to_relax=best"], "relaxation"),
      (["predict", "in.fasta", "--model-preset", "multimer"], "single chains"),
      (
        ["predict", "in.fasta", "--random-weights", "--preset", "model_1_multimer_v3"],
        "single chains"
      ),
      (
        ["predict", "in.fasta", "--random-weights", "--preset", "monomer_casp14"],
        "--num-ensemble 8"
      ),
      (["bench", "forward", "--msa", "0", "--templates", "0"], "--msa is 0"),
      (["serve"], "no web service"),
      (["weights", "init", "x.h5", "--preset", "model_9"], "model_5_ptm"),
    ])
  func absent(_ arguments: [String], _ text: String) throws {
    let result = try Command.run(arguments, in: try Self.folder())
    #expect(result.status == 64, "\(result.errors)")
    #expect(result.errors.split(separator: "\n").count == 1, "\(result.errors)")
    #expect(result.errors.contains(text), "\(result.errors)")
  }

  @Test("what is wrong with the only target is all that is said")
  func onlyTarget() throws {
    let result = try Command.run(
      ["predict", "-", "--random-weights", "--preset", "tiny"], in: try Self.folder(),
      input: ">a\nMK1V\n")
    #expect(result.status == 65)
    #expect(result.errors.split(separator: "\n").count == 1, "\(result.errors)")
  }

  @Test(
    "what a flag names must be there, whether it is needed or not",
    arguments: [
      ["predict", "in.fasta", "--random-weights", "--preset", "tiny", "--release-dates", "none"],
      ["predict", "in.fasta", "--random-weights", "--preset", "tiny", "--obsolete", "none"],
      ["predict", "in.fasta", "--random-weights", "--preset", "tiny", "--databases", "none"],
      ["dataset", "build", "a.pdb", "-o", "out.h5", "--msa", "none"],
      ["dataset", "build", "a.pdb", "-o", "out.h5", "--msa", "in.fasta"],
    ])
  func missing(_ arguments: [String]) throws {
    let folder = try Self.folder()
    try Data(ScoreAndEvaluateTests.chain(30).utf8).write(to: folder.url("a.pdb"))
    let result = try Command.run(arguments, in: folder)
    #expect(result.status == 66, "\(result.errors)")
    #expect(result.errors.contains(arguments.last ?? ""), "\(result.errors)")
    #expect(!FileManager.default.fileExists(atPath: folder.file("out.h5")))
  }

  @Test("Ctrl-C ends a prediction with status 130 and says how to go on")
  func interruption() throws {
    let folder = try Self.folder()
    let endless = ["in.fasta", "--progress", "lines", "--num-recycle", "1000"]
    let arguments = Self.tiny.filter { $0 != "--num-recycle" && $0 != "0" } + endless
    let result = try Command.run(arguments, in: folder) { process in
      let state = folder.file("out/a/state_tiny.npz")
      while process.isRunning, !FileManager.default.fileExists(atPath: state) { usleep(2_000) }
      process.interrupt()
    }
    #expect(result.status == 130, "\(result.errors)")
    #expect(result.errors.contains("--resume"), "\(result.errors)")
    #expect(!FileManager.default.fileExists(atPath: folder.file("out/a/ranked_0.pdb")))
  }

  @Test("a tolerance that is no distance is a wrong flag", arguments: ["nan", "inf", "-1"])
  func tolerance(_ value: String) throws {
    let result = try Command.run(
      Self.tiny + ["in.fasta", "--recycle-early-stop-tolerance=\(value)"], in: try Self.folder())
    #expect(result.status == 64, "\(result.errors)")
  }

  @Test("a pipe and a byte order mark are as good as a plain file")
  func pipes() throws {
    let folder = try Self.folder()
    try Data([0xEF, 0xBB, 0xBF] + Array(">a\r\nMKV\r\n".utf8)).write(
      to: folder.url("marked.fasta"))
    let result = try Command.run(
      Self.tiny + ["/dev/fd/3"], in: folder, redirection: "3<marked.fasta")
    #expect(result.status == 0, "\(result.errors)")
    #expect(result.output.contains("out/a/ranked_0.pdb"))
  }

  @Test(
    "texts are read from a named pipe, once",
    arguments: [
      (["check", "p"], ">a\nMKV\n", "FASTA"),
      (["check", "p"], "data_x\n", "_atom_site"),
      (["train", "--show-config", "--config", "p"], #"{"preset": "mini"}"#, "optimizer"),
      (["plot", "-o", "x.svg", "p"], "{}\n", "p:1: is no line of a training log"),
    ])
  func namedPipes(_ arguments: [String], _ text: String, _ found: String) throws {
    let folder = try Self.folder()
    try Data(text.utf8).write(to: folder.url("text"))
    let result = try Command.run(arguments, in: folder, limit: "mkfifo p; (cat text > p &)")
    #expect((result.output + result.errors).contains(found), "\(result.output) \(result.errors)")
  }

  @Test(
    "a pipe in place of a file that is read in pieces is refused at once, in one line",
    arguments: [
      ["predict", "--features", "p.pkl"], ["predict", "--features", "p.h5"],
      ["predict", "in.fasta", "--weights", "p.npz"], ["predict", "in.fasta", "--weights", "p.h5"],
      ["predict", "in.fasta", "--weights", "p.pdparams"], ["store", "list", "p.h5"],
      ["evaluate", "p", "--predictions", "."], ["evaluate", "p", "--check-manifest"],
    ])
  func refusedPipes(_ arguments: [String]) throws {
    let folder = try Self.folder()
    let result = try Command.run(
      arguments, in: folder, limit: "mkfifo p p.pkl p.h5 p.npz p.pdparams")
    #expect([65, 66].contains(result.status), "\(result.errors)")
    #expect(result.errors.contains("it is a pipe"), "\(result.errors)")
    let lines = result.errors.split(separator: "\n").filter { !$0.hasPrefix("warning") }
    #expect(lines.count == 1, "\(result.errors)")
  }

  @Test("an argument that is no UTF-8 is a wrong flag, and not the name of another file")
  func notUTF8() throws {
    let folder = try Self.folder()
    let result = try Command.run(
      ["weights", "init", "--preset", "tiny"], in: folder,
      redirection: "\"$(printf 'o\\377.h5')\"")
    #expect(result.status == 64, "\(result.errors)")
    #expect(result.errors.contains("argument 5"), "\(result.errors)")
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["in.fasta"])
  }

  @Test("an evaluation in which nothing is scored says why")
  func nothingScored() throws {
    let folder = try Self.folder()
    for name in ["natives", "predictions"] {
      try FileManager.default.createDirectory(
        at: folder.url(name), withIntermediateDirectories: true)
    }
    try Data(ScoreAndEvaluateTests.chain(30).utf8).write(to: folder.url("natives/a.pdb"))
    let result = try Command.run(
      ["evaluate", "natives", "--predictions", "p=predictions"], in: folder)
    #expect(result.status == 65, "\(result.errors)")
    #expect(
      result.errors.hasPrefix("helixfold: natives: nothing could be scored; 'a': "),
      "\(result.errors)")
  }

  #if DEBUG
    private static let isOptimized = false
  #else
    private static let isOptimized = true
  #endif

  private static let tiny = [
    "predict", "--random-weights", "--preset", "tiny", "--num-recycle", "0", "-o", "out",
  ]

  private static func folder() throws -> ScratchFolder {
    let folder = try ScratchFolder()
    try Data(">a\nMKVLA\n".utf8).write(to: folder.url("in.fasta"))
    return folder
  }
}
