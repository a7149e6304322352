import BasicTestSupport
import Foundation
import Testing

/// What a user meets who gives a wrong flag or file: input, status, and the one line.
@Suite("Refusals")
struct RefusalTests {
  struct Case: Sendable, CustomTestStringConvertible {
    let arguments: String
    var files: [String: String] = [:]
    let status: Int32
    let line: String

    var testDescription: String { arguments }
  }

  @Test("wrong flags have status 64 and one line that names them", arguments: flags)
  func wrongFlag(_ example: Case) throws { try check(example) }

  @Test("a wrong file has its status and one line that says where and what", arguments: files)
  func wrongFile(_ example: Case) throws { try check(example) }

  private func check(_ example: Case) throws {
    let folder = try ScratchFolder()
    try folder.write(">a\nMKVLA\n", to: "in.fasta")
    for (name, text) in example.files { try folder.write(text, to: name) }
    let result = try Command.run(
      example.arguments.split(separator: " ").map(String.init), in: folder)
    #expect(result.status == example.status)
    // The note on random parameters, the error.
    let lines = result.errors.split(separator: "\n").filter { !$0.hasPrefix("warning: ") }
    #expect(lines == ["helixfold: \(example.line)"])
  }

  private static let tiny = "predict in.fasta --random-weights --preset tiny"

  private static let flags: [Case] =
    [
      ("--pack --use-dropout", "--pack and --use-dropout exclude each other"),
      ("--pack --dap 2", "--pack and --dap exclude each other"),
      ("--dap 3", "--dap is 3, expected a power of two"),
      ("--num-ensemble 0", "--num-ensemble is 0, expected 1 to 1000"),
      ("--num-models 0", "--num-models is 0, expected at least 1"),
      ("--stop-at-score 101", "--stop-at-score is 101.0, expected a mean pLDDT, 0 to 100"),
      ("--max-msa 5", "--max-msa is '5', expected clusters:extra such as 512:1024"),
      ("--dap 2 --pair-storage int8", "--pair-storage and --dap exclude each other"),
      ("--weights w.npz", "--random-weights and --weights exclude each other"),
    ].map { Case(arguments: "\(tiny) \($0)", status: 64, line: "\($1) \(help("predict"))") } + [
      Case(
        arguments: "predict in.fasta --random-weights", status: 64,
        line: "--random-weights needs --preset NAME \(help("predict"))"),
      Case(
        arguments: "\(tiny) --dap 2 -o out", status: 64,
        line: "--dap 2 needs 2 processes, only one was started; start them with mpirun -n 2"),
      Case(
        arguments: "weights convert w.npz -o x.npz --licence MIT", status: 64,
        line: "x.npz: only .h5 files record a --licence"),
      Case(
        arguments: "evaluate .", status: 64,
        line: "give --predictions NAME=DIR, or --weights to predict \(help("evaluate"))"),
      Case(
        arguments: "evaluate . --random-weights", status: 64,
        line: "--random-weights needs --preset NAME and excludes --weights \(help("evaluate"))"),
      Case(
        arguments: "evaluate . --predictions p=. --num-recycle 2000", status: 64,
        line: "--num-recycle is 2000, expected 0 to 1000 \(help("evaluate"))"),
      Case(
        arguments: "validate w.npz --data s.h5 --min-length 5 --max-length 4", status: 64,
        line: "--min-length 5 and --max-length 4 leave nothing \(help("validate"))"),
      Case(
        arguments: "validate w.npz --data s.h5 --recycles 200", status: 64,
        line: "--recycles is 200, expected 0 to 100 \(help("validate"))"),
      Case(
        arguments: "dataset build . -o d.h5 --min-length 50 --max-length 40", status: 64,
        line: "lengths of 50 to 40 residues leave nothing \(help("dataset build"))"),
      Case(
        arguments: "dataset build . -o d.h5 --max-resolution 0", status: 64,
        line: "worst resolution of 0.0 Å, expected a positive number \(help("dataset build"))"),
      Case(
        arguments: "databases check", status: 64,
        line: "name a set or a database: --database-set NAME or --database NAME=PATH"),
      Case(
        arguments: "search in.fasta --database x -o out", status: 64,
        line: "--database x: expected NAME=PATH"),
      Case(
        arguments: "databases check --databases d.json --database-set t",
        files: [
          "d.json":
            #"{"sets":[{"name":"s","description":"","databases":[{"name":"u","path":"u.fasta"}]}]}"#
        ], status: 64, line: "--database-set: 't' is no set of databases; there are s"),
    ]

  private static func help(_ command: String) -> String {
    "(helixfold \(command) --help tells more)"
  }

  private static let files: [Case] =
    [
      ("{\"preset\": \"huge\"}", "'preset' is unknown; known are initial, finetune, mini, tiny"),
      ("{\"preset\": 3}", "'preset' is unknown; known are initial, finetune, mini, tiny"),
      (
        "{\"preset\": \"mini\", \"run\": {\"steps\": null}}",
        "'run.steps' is null, which is for optional settings only"
      ),
      (
        "{\"preset\": \"mini\", \"run\": {\"steps\": 1e19}}",
        "'run.steps' is 1e+19, expected at most 1e18"
      ),
      (
        "{\"preset\": \"mini\", \"run\": {\"steps\": 1.5}}",
        "'run.steps' is 1.5, expected a whole number"
      ),
      (
        String(repeating: " ", count: 1 << 20),
        "has 1048576 bytes, expected a configuration below 1 MiB"
      ),
    ].map {
      Case(
        arguments: "train --show-config --config c.json", files: ["c.json": $0], status: 65,
        line: "c.json: \($1)")
    }
    + [
      ("data_x\n1.5\n", "a.cif:2: value without an item: '1.5'"),
      ("data_x\n_a.b 1\n_a.b 2\n", "a.cif:3: item '_a.b' is given twice"),
      ("data_x\nloop_\n_a.b\n_a.b\n1 2\n", "a.cif:4: item 'b' is in the loop twice"),
      (
        "data_x\nloop_\n_atom_site.id\n_other.x\n1 2\n",
        "a.cif:4: a loop over '_atom_site' holds an item of '_other'"
      ),
      (
        "data_x\nloop_\n_atom_site.id\n_atom_site.type_symbol\n1 C\n",
        "a.cif: _atom_site has no item 'cartn_x'"
      ),
    ].map { Case(arguments: "score a.cif a.cif", files: ["a.cif": $0], status: 65, line: $1) }
    + [
      ("a\tb\nx\ty\n", "c.tsv:1: the header has no columns 'chain' and 'cluster'"),
      ("chain\tcluster\nx\n", "c.tsv:2: 1 column, fewer than the header"),
      ("", "c.tsv: is empty, expected a table"),
    ].map {
      Case(
        arguments: "dataset build chains -o d.h5 --clusters c.tsv",
        files: ["c.tsv": $0, "chains/1abc_A.pdb": ScoreAndEvaluateTests.chain(30)], status: 65,
        line: $1)
    } + [
      Case(
        arguments: "dataset build chains -o d.h5", files: ["chains/notes": ""], status: 65,
        line:
          "chains: holds no structures (.pdb, .ent, .cif, .mmcif, also .gz) and no chains.tsv"),
      Case(
        arguments: "predict packed.fasta --random-weights --preset tiny",
        files: ["packed.fasta": "PK\u{3}\u{4}xxxx"], status: 65,
        line: "packed.fasta: is a zip archive; unpack it first"),
      Case(
        arguments: "\(tiny) --obsolete obsolete.dat", files: ["obsolete.dat": "nothing\n"],
        status: 65,
        line:
          "obsolete.dat: holds no obsolete entry, expected lines such as 'OBSLTE    31-JUL-94 116L     216L'"
      ),
      Case(
        arguments: "plot -o x.svg log.jsonl", files: ["log.jsonl": ""], status: 65,
        line: "log.jsonl: holds no step yet"),
    ]

  @Test(
    "a database that cannot be searched is told with what is wrong",
    arguments: [
      ("", "the file is empty"), ("MKV\n", "expected FASTA beginning with '>', found 'M'"),
    ])
  func database(_ text: String, _ problem: String) throws {
    let folder = try ScratchFolder()
    try folder.write(text, to: "u.fasta")
    let result = try Command.run(["databases", "check", "--database", "u=u.fasta"], in: folder)
    #expect(result.status == 66)
    #expect(result.output == "u\tbad\tdatabase u: u.fasta: \(problem)\t0 bytes\n")
  }

  @Test(
    "a file that the user may not read is told as one, whatever it should hold",
    .enabled(if: canBeRefused, "needs setpriv to give up the rights of root"),
    arguments: [
      ("predict closed/a.fasta \(tiny.dropFirst("predict in.fasta ".count))", "be read"),
      ("weights inspect closed/w.h5", "be read"), ("weights inspect closed/w.npz", "be read"),
      ("store list closed/s.h5", "be opened"),
    ])
  func permission(_ arguments: String, _ word: String) throws {
    let folder = try ScratchFolder()
    let words = arguments.split(separator: " ").map(String.init)
    let path = try #require(words.first { $0.hasPrefix("closed/") })
    for name in [path, "in.fasta"] { try folder.write(">a\nMKV\n", to: name) }
    chmod(folder.path, 0o755)
    chmod(folder.file("closed"), 0)
    defer { chmod(folder.file("closed"), 0o755) }
    let result = try Command.run(words, in: folder, losesRights: getuid() == 0)
    #expect(result.status == 66)
    let lines = result.errors.split(separator: "\n").filter { !$0.hasPrefix("warning: ") }
    #expect(lines == ["helixfold: \(path): cannot \(word): no permission"])
  }

  /// Whether the command can be run without the rights of root.
  private static let canBeRefused =
    getuid() != 0 || FileManager.default.isExecutableFile(atPath: "/usr/bin/setpriv")
}
