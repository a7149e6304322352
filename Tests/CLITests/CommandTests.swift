import BasicTestSupport
import Foundation
import Testing

@testable import HelixFold

/// The command as a user meets it: statuses, one-line messages, files.
@Suite("Command")
struct CommandTests {
  /// Commands, and what their help has to name; all of them.
  static let helps: [([String], [String])] = [
    (
      ["predict"],
      ["--msa", "--weights", "--max-memory", "--resume", "--dry-run", "--save-recycles"]
    ),
    (
      ["predict"],
      ["--database", "--jackhmmer", "--template", "--max-template-date", "--msa-budget"]
    ),
    (["prepare"], ["--msa", "--output", "--template", "--template-hits"]),
    (["search"], ["--database", "--database-set", "--jackhmmer", "--output"]),
    (["databases"], ["list", "check"]), (["databases", "list"], ["--databases"]),
    (["databases", "check"], ["--database-set", "--database-root"]),
    (["check"], ["<files>"]),
    (["store"], ["list", "show", "pack", "import", "export", "verify"]),
    (["store", "list"], ["<store>"]), (["store", "show"], ["<store>"]),
    (["store", "pack"], ["--output"]), (["store", "import"], ["--output", "--id"]),
    (["store", "export"], ["--format", "--output"]), (["store", "verify"], ["<stores>"]),
    (["weights"], ["inspect", "convert", "init", "average"]),
    (["weights", "inspect"], ["--preset"]),
    (["weights", "convert"], ["--precision", "--block-order", "--licence"]),
    (["weights", "init"], ["--preset", "--seed", "--block-order", "--output"]),
    (["weights", "average"], ["--method", "--keep", "--decay", "--data"]),
    (["dataset"], ["build"]),
    (["dataset", "build"], ["--msa", "--clusters", "--report", "--max-resolution"]),
    (
      ["train"],
      ["--config", "--data", "--resume", "--lanes", "--dp", "--dap", "--bp", "--show-config"]
    ),
    (["validate"], ["--data", "--split", "--recycles", "--only-model"]),
    (["plot"], ["--quantity", "--window"]),
    (["score"], ["--domains", "--json"]), (["evaluate"], ["--predictions", "--check-manifest"]),
    (
      ["bench"],
      [
        "forward", "train", "block", "pack", "attention", "gemm", "branch-parallel", "scaling",
        "messages",
      ]
    ),
    (["bench", "forward"], ["--residues", "--extra-blocks", "--json"]),
    (["bench", "train"], ["--loss", "--trunk-only", "--recompute", "--saved-activations"]),
    (["bench", "block"], ["--forward-only", "--pair-storage"]),
    (["bench", "pack"], ["--lengths", "--json"]),
    (["bench", "attention"], ["--packed", "--figure"]),
    (["bench", "gemm"], ["--repeats", "--isa", "--json"]),
    (["bench", "branch-parallel"], ["--json"]),
    (["bench", "scaling"], ["--bandwidth", "--latency", "--serial-share"]),
    (["bench", "messages"], ["mpirun"]),
    (
      ["dev"],
      [
        "forward", "gradients", "grid-gradients", "compare", "compare-runs", "parameters",
        "spike", "precision",
      ]
    ),
    (["dev", "forward"], ["--params", "--inputs", "--teacher"]),
    (["dev", "gradients"], ["--params", "--inputs", "--keep-activations"]),
    (["dev", "grid-gradients"], ["--config", "--data", "--dp", "--dap", "--bp"]),
    (["dev", "compare"], ["--inputs", "--limit", "--only"]),
    (["dev", "compare-runs"], ["<first>", "<second>"]), (["dev", "parameters"], ["--output"]),
    (["dev", "spike"], ["--config", "--tensor", "--factor"]),
    (["dev", "precision"], ["--features", "--gradients"]),
    (
      [],
      [
        "predict", "train", "dataset", "validate", "plot", "search", "databases", "prepare",
        "store", "weights", "score", "evaluate", "check", "bench", "dev",
      ]
    ),
  ]

  @Test("help of every command names its flags, files and subcommands", arguments: helps)
  func help(_ command: [String], _ names: [String]) throws {
    let result = try Command.run(command + ["--help"])
    #expect(result.status == 0)
    for name in names { #expect(result.output.contains(name), "\(name)") }
  }

  @Test(
    "benchmarks of parts print what they measured",
    arguments: [
      ("block --residues 16 --msa 4", "forward and backward median "),
      // A protein begins at a multiple of 64.
      ("pack --lengths 8 --lengths 9 --msa 4 --json", "\"positions\": 73,"),
      ("attention --residues 16 --heads 2 --channels 8", "hidden share 0.000, skipped 0.000: "),
      (
        "branch-parallel --residues 16 --msa 4",
        "same bits              yes, of the loss and of all gradients\n"
      ),
    ])
  func benchmarks(_ arguments: String, _ fact: String) throws {
    var words = ["bench"] + arguments.split(separator: " ").map(String.init) + ["--repeats", "1"]
    if words[1] != "attention" { words += ["--preset", "tiny"] }
    let result = try Command.run(words)
    #expect(result.status == 0, "\(result.errors)")
    #expect(result.output.contains(fact), "\(result.output)")
  }

  @Test("no command is without a test of its help")
  func allHelps() throws {
    struct Tree: Decodable {
      let commandName: String
      let subcommands: [Tree]?

      func paths(below path: [String]) -> [[String]] {
        (subcommands ?? []).filter { $0.commandName != "help" }
          .flatMap { [path + [$0.commandName]] + $0.paths(below: path + [$0.commandName]) }
      }
    }
    struct Dump: Decodable { let command: Tree }
    let result = try Command.run(["--experimental-dump-help"])
    let dump = try JSONDecoder().decode(Dump.self, from: Data(result.output.utf8))
    let tested = Set(Self.helps.map(\.0)).subtracting([[]])
    #expect(Set(dump.command.paths(below: [])) == tested)
  }

  @Test(
    "a broken FASTA file has status 65 and is named in one line",
    arguments: [
      "", "\u{0}\u{1}\u{2}binary", ">a\nMKV1\n", ">a\n",
    ])
  func badFASTA(_ text: String) throws {
    let folder = try ScratchFolder()
    try Data(text.utf8).write(to: folder.url("in.fasta"))
    let result = try Command.run(tiny(["in.fasta"]), in: folder)
    #expect(result.status == 65, "\(result.errors)")
    #expect(result.errors.contains("in.fasta"))
    // The note on random parameters, the error.
    #expect(result.errors.split(separator: "\n").count <= 2)
  }

  @Test(
    "wrong flags have status 64, missing files 66, too little memory 75",
    arguments: [
      (["nowhere.fasta"], 66), (["in.fasta", "--threads", "-1"], 64),
      (["in.fasta", "--max-memory", "much"], 64), (["in.fasta", "--max-memory", "1MiB"], 75),
      (["in.fasta", "--max-memory", "1023KiB"], 64),
      (["in.fasta", "--msa", "none.a3m"], 66), (["in.fasta", "--template", "none.pdb"], 66),
      (["in.fasta", "--max-template-date", "tomorrow"], 64),
      (["in.fasta", "--msa-budget", "0"], 64),
      (["in.fasta", "--database", "in.fasta"], 64), (["in.fasta", "--database-set", "x"], 64),
      (["in.fasta", "--database", "x=none.fasta", "--jackhmmer", "/bin/true"], 66),
      (["in.fasta", "--database", "x=in.fasta", "--jackhmmer", "nowhere"], 69),
    ])
  func statuses(_ arguments: [String], _ status: Int) throws {
    let folder = try ScratchFolder()
    try Data(">a\nMKV\n".utf8).write(to: folder.url("in.fasta"))
    let result = try Command.run(tiny(arguments), in: folder)
    #expect(result.status == Int32(status), "\(result.errors)")
  }

  @Test("a benchmark says which option has no effect, and prints JSON when asked")
  func benchmarks() throws {
    let sizes = ["--preset", "tiny", "--msa", "2", "--repeats", "1"]
    let train = try Command.run(
      ["bench", "train", "--residues", "6", "--extra", "2", "--trunk-only", "--loss", "full"]
        + sizes)
    #expect(train.status == 0 && train.errors.contains("--trunk-only has no effect"))
    for json in [[], ["--json"]] {
      let pack = try Command.run(["bench", "pack", "--lengths", "4", "5"] + sizes + json)
      #expect(pack.status == 0 && pack.output.hasPrefix("{") == !json.isEmpty, "\(pack.errors)")
    }
  }

  @Test(
    "wrong arguments are told in one line that names the help",
    arguments: [
      (["help", "nosuch"], "there is no command 'nosuch' (helixfold --help"),
      (["help", "bench", "nosuch"], "there is no command 'nosuch' (helixfold --help"),
      (["predct"], "unexpected argument 'predct' (helixfold --help"),
      (["predict", "x.fasta", "--fooo"], "unknown option '--fooo' (helixfold predict --help"),
      (["score", "a.pdb"], "missing expected argument '<reference>' (helixfold score --help"),
      (["bench", "pack", "--repeats", "q"], "'q' is invalid for '--repeats"),
      (
        ["plot", "a", "b", "-o", "x.svg", "--quantity", "terms"],
        "--quantity terms draws the terms of one run"
      ),
      (["weights", "average", "--method", "mean"], "'sewa' (helixfold weights average --help"),
    ])
  func usage(_ arguments: [String], _ message: String) throws {
    let result = try Command.run(arguments)
    #expect(result.status == 64 && result.errors.contains(message), "\(result.errors)")
    #expect(result.errors.hasPrefix("helixfold: "))
    #expect(result.errors.split(separator: "\n").count == 1)
  }

  @Test(
    "a negative number is a value out of range, not a missing one",
    arguments: [
      ("--threads", "-1", "--threads is -1, expected 0 to 1024"),
      ("--num-recycle", "-3", "--num-recycle is -3, expected 0 to 1000"),
      ("--num-seeds", "-1", "--num-seeds is -1"), ("--seed", "-1", "'-1'"),
    ])
  func negative(_ flag: String, _ value: String, _ message: String) throws {
    let result = try Command.run(tiny(["in.fasta", flag, value]))
    #expect(result.status == 64 && result.errors.contains(message), "\(result.errors)")
  }

  @Test("a folder of sequences and alignments is predicted, each by its own name")
  func folderOfInputs() throws {
    let folder = try ScratchFolder()
    try FileManager.default.createDirectory(
      at: folder.url("in"), withIntermediateDirectories: true)
    try Data(">a\nMKV\n>b\nMKVA\n".utf8).write(to: folder.url("in/x.fasta"))
    try Data(">c\nMKVW\n>h\nMK-W\n".utf8).write(to: folder.url("in/c.a3m"))
    let result = try Command.run(tiny(["in"]), in: folder)
    #expect(result.status == 0, "\(result.errors)")
    let table = try String(contentsOf: folder.url("out/summary.tsv"), encoding: .utf8)
    let rows = table.split(separator: "\n").map { $0.split(separator: "\t").prefix(4) }
    #expect(rows.map { String($0[0]) } == ["target", "c", "a", "b"])
    #expect(rows.map { String($0[3]) } == ["msa_rows", "2", "1", "1"])
  }

  #if os(Linux)
    @Test("a limit of the address space hinders no command from ending")
    func addressSpace() throws {
      let result = try Command.run(["--version"], limit: "ulimit -v 400000")
      #expect(result.status == 0 && !result.output.isEmpty, "\(result.errors)")
    }
  #endif

  @Test("an output folder that cannot be made has status 73")
  func unwritable() throws {
    let folder = try ScratchFolder()
    try Data("x".utf8).write(to: folder.url("file"))
    let result = try Command.run(
      ["predict", "-", "--random-weights", "--preset", "tiny", "-o", "file/out"], in: folder,
      input: ">a\nMKV\n")
    #expect(result.status == 73, "\(result.errors)")
  }

  @Test("a sequence from the standard input is predicted under a safe name")
  func standardInput() throws {
    let folder = try ScratchFolder()
    let result = try Command.run(tiny(["-"]), in: folder, input: ">../../evil name\nMKVLA\n")
    #expect(result.status == 0, "\(result.errors)")
    #expect(result.output == "out/evil/ranked_0.pdb\nout/evil/report.html\n")
    #expect(result.errors.contains("random numbers"))
    let pdb = try String(contentsOf: folder.url("out/evil/ranked_0.pdb"), encoding: .utf8)
    #expect(pdb.contains("random numbers"))
  }

  @Test("progress as JSON is one object per line")
  func jsonProgress() throws {
    let folder = try ScratchFolder()
    let result = try Command.run(
      tiny(["-", "--progress", "json"]), in: folder, input: ">a\nMKVLA\n")
    let lines = result.errors.split(separator: "\n")
    #expect(lines.count > 5)
    for line in lines {
      let object = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
      #expect(object?["event"] is String)
    }
  }

  @Test("a configuration with an unknown key is refused by name")
  func unknownKey() throws {
    let folder = try ScratchFolder()
    let text = #"{"preset": "tiny", "evoformer": {"bloks": 3}}"#
    try Data(text.utf8).write(to: folder.url("net.json"))
    let result = try Command.run(
      ["predict", "-", "--random-weights", "--preset", "net.json"], in: folder, input: ">a\nMKV\n")
    #expect(result.status == 65)
    #expect(result.errors.contains("evoformer.bloks"))
  }

  @Test("a preset that the shipped file does not fit is refused with the name of its network")
  func anotherNetwork() throws {
    let folder = try ScratchFolder()
    try FileManager.default.createDirectory(
      at: folder.url("weights"), withIntermediateDirectories: true)
    try FileManager.default.copyItem(
      at: SourceTree.root.appendingPathComponent("weights/default.h5"),
      to: folder.url("weights/default.h5"))
    let result = try Command.run(
      ["predict", "-", "--preset", "model_1_ptm"], in: folder, input: ">a\nMKV\n")
    #expect(result.status == 69, "\(result.errors)")
    #expect(result.errors.contains("the network 'mini'; model_1_ptm needs parameters of its own"))
    #expect(result.errors.count < 400)
  }

  @Test("a folder stands for the parameter files in it")
  func folderOfWeights() throws {
    let folder = try ScratchFolder()
    try FileManager.default.createDirectory(
      at: folder.url("params"), withIntermediateDirectories: true)
    for (name, seed) in [("params/one_tiny.h5", "1"), ("params/two_tiny.h5", "2")] {
      let made = try Command.run(
        ["weights", "init", name, "--preset", "tiny", "--seed", seed], in: folder)
      #expect(made.status == 0, "\(made.errors)")
    }
    let result = try Command.run(
      ["predict", "-", "--weights", ".", "--preset", "tiny", "--num-recycle", "0", "-o", "out"],
      in: folder, input: ">a\nMKV\n")
    #expect(result.status == 0, "\(result.errors)")
    for name in ["tiny", "tiny_2"] {
      let path = folder.file("out/a/unrelaxed_\(name).pdb")
      #expect(FileManager.default.fileExists(atPath: path), "\(path)")
    }
  }

  @Test("HELIXFOLD_WEIGHTS names parameters where no flag does")
  func weightsVariable() throws {
    let folder = try ScratchFolder()
    let variable = "export HELIXFOLD_WEIGHTS=elsewhere/params.h5"
    func predict(_ flags: [String] = []) throws -> Command.Result {
      try Command.run(
        ["predict", "-", "-o", "out", "--dry-run", "--progress", "quiet"] + flags, in: folder,
        input: ">a\nMKV\n", limit: variable)
    }
    let named = try predict()
    #expect(named.status == 66 && named.errors.contains("elsewhere/params.h5"))
    let flag = try predict(["--weights", "x.h5"])
    #expect(flag.status == 66 && flag.errors.contains("x.h5"))
    #expect(!flag.errors.contains("elsewhere"))
    #expect(try predict(["--random-weights", "--preset", "tiny"]).status == 0)
  }

  @Test("--version is the version alone on the first line, then what a report of an error needs")
  func version() throws {
    for arguments in [["--version"], ["predict", "--version"]] {
      let result = try Command.run(arguments)
      let lines = result.output.split(separator: "\n")
      #expect(result.status == 0 && result.errors.isEmpty, "\(result.errors)")
      #expect(lines.first.map(String.init) == helixFoldVersion)
      #expect(
        lines.dropFirst().compactMap { $0.split(separator: ":").first } == [
          "instruction set", "MPI", "matrix products", "processors", "memory",
        ])
    }
  }

  @Test("HELIXFOLD_THREADS that is no number of threads is one line, where no flag says how many")
  func threadsVariable() throws {
    let folder = try ScratchFolder()
    func predict(_ flags: [String], _ variable: String) throws -> Command.Result {
      try Command.run(
        ["predict", "-", "-o", "out", "--dry-run", "--progress", "quiet", "--random-weights"]
          + ["--preset", "tiny"] + flags, in: folder, input: ">a\nMKV\n",
        limit: "export HELIXFOLD_THREADS=\(variable)")
    }
    let wrong = try predict([], "many")
    #expect(wrong.status == 64, "\(wrong.errors)")
    #expect(wrong.errors.contains("HELIXFOLD_THREADS is 'many', expected 1 to 1024"))
    #expect(wrong.errors.split(separator: "\n").count == 1, "\(wrong.errors)")
    #expect(try predict(["--threads", "1"], "many").status == 0)
    #expect(try predict([], "2").status == 0)
  }

  @Test("files that come with the program are looked for beside it, in share, and last here")
  func installedFiles() {
    let places = InstalledFile.places(of: "x.h5")
    #expect(places.last == "x.h5")
    #expect(places.contains { $0.hasSuffix("/share/helixfold/x.h5") })
    #expect(Set(places).count == places.count)
    #expect(InstalledFile.find("no-such-file.h5") == nil)
  }

  @Test("underscores in flags are dashes, as in AlphaFold2")
  func underscores() throws {
    let folder = try ScratchFolder()
    let result = try Command.run(
      [
        "predict", "-", "--random_weights", "--preset", "tiny", "--num_recycle=0", "--output_dir",
        "my_out",
      ], in: folder, input: ">a\nMKV\n")
    #expect(result.status == 0, "\(result.errors)")
    #expect(result.output.contains("my_out/a/ranked_0.pdb"))
  }

  @Test(
    "AlphaFold2's own flags are told by what they are here",
    arguments: [
      (["--model_preset=monomer"], ["model_1 to model_5, one file each"]),
      (["--model_preset", "monomer_ptm"], ["model_1_ptm to model_5_ptm"]),
      (["--model_preset", "monomer_casp14"], ["--num-ensemble 8"]),
      (["--model_preset", "multimer"], ["single chains only"]),
      (["--fasta_paths=a.fasta", "--data_dir=db"], ["without a flag", "--weights FOLDER"]),
    ])
  func flagsOfAlphaFold(_ arguments: [String], _ expected: [String]) throws {
    let result = try Command.run(["predict"] + arguments)
    #expect(result.status == 64, "\(result.errors)")
    #expect(result.errors.split(separator: "\n").count == expected.count, "\(result.errors)")
    for text in expected { #expect(result.errors.contains(text), "\(result.errors)") }
  }

  @Test("bench scaling says that its figures are extrapolated, and from what")
  func scaling() throws {
    struct Document: Decodable {
      struct Constants: Decodable { let rate_gflops, serial_share: Double }
      struct Grid: Decodable { let processes: Int }
      let extrapolated: Bool
      let constants: Constants
      let grids: [Grid]
    }
    let sizes = ["bench", "scaling", "--preset", "tiny", "--batch", "4", "--rate", "7"]
    let text = try Command.run(sizes)
    #expect(text.status == 0 && text.output.hasPrefix("extrapolated, nothing was run: 7.0 GFLOP/s"))
    let json = try Command.run(sizes + ["--json"])
    let document = try JSONDecoder().decode(Document.self, from: Data(json.output.utf8))
    #expect(document.extrapolated && document.constants.rate_gflops == 7)
    #expect(document.constants.serial_share == 0.17)
    #expect(document.grids.first?.processes == 1 && document.grids.count > 5)
  }

  @Test("a progress bar is never as wide as the terminal", arguments: [0, 1, 20, 40, 80, 200])
  func barWidth(_ columns: Int) {
    for task in ["T1026 mini", String(repeating: "long ", count: 30)] {
      let bar = ProgressBar(columns: columns, isUnicode: true)
      #expect(bar.line(task, 0.5, remaining: 75).count <= max(columns - 1, 0))
    }
  }

  @Test("a progress bar is drawn in ASCII where the locale is not one of UTF-8")
  func barLetters() {
    #expect(
      ProgressBar(columns: 80, isUnicode: false).line("a", 0.25, remaining: 75)
        == "a  ######.................. 25 %  ETA 1:15")
    #expect(
      ProgressBar(columns: 22, isUnicode: false).line("a long name", 1, remaining: nil)
        == "a lo~  ######## 100 %")
    #expect(ProgressBar.isUnicode(in: ["LC_ALL": "", "LC_CTYPE": "C.utf8", "LANG": "C"]))
    #expect(!ProgressBar.isUnicode(in: ["LC_ALL": "C", "LANG": "en_GB.UTF-8"]))
    #expect(!ProgressBar.isUnicode(in: [:]))
  }

  private func tiny(_ arguments: [String]) -> [String] {
    ["predict"] + arguments + ["--random-weights", "--preset", "tiny", "-o", "out"]
  }
}
