import BasicTestSupport
import CProcess
import Foundation
import Testing

/// `helixfold search` with small scripts in place of jackhmmer.
@Suite("Searches from the command line")
struct SearchCommandTests {
  @Test(
    "the process of a search program does not outlive helixfold, however that is ended",
    arguments: endings)
  func ending(_ name: String, number: Int32, repeats: Bool, status: Int32) throws {
    let isStubborn = repeats ? "trap '' TERM INT HUP; " : ""
    let folder = try Self.folder(
      program: isStubborn + "echo $$ > pid; while :; do sleep 1; done")
    let result = try Command.run(Self.search, in: folder) { process in
      while process.isRunning, Self.number(in: folder.url("pid")) == nil { usleep(5_000) }
      repeat {
        kill(process.processIdentifier, number)
        usleep(20_000)
      } while repeats && process.isRunning
    }
    #expect(result.status == status, "\(result.errors)")
    let program = try #require(Self.number(in: folder.url("pid")))
    var isGone = false
    for _ in 0..<200 where !isGone {
      isGone = Self.hasEnded(program)
      usleep(50_000)
    }
    #expect(isGone)
  }

  private static var endings: [(String, Int32, Bool, Int32)] {
    var all = [("second Ctrl-C", SIGINT, true, Int32(130))]
    // Under nohup every process that is started here ignores hang-ups too.
    if !hf_is_ignored(SIGHUP) {
      all += [
        ("hang-up", SIGHUP, false, 130),
        ("hang-up, of which shell and system tell", SIGHUP, true, 130),
      ]
    }
    #if os(Linux)
      all.append(("kill", SIGKILL, false, 9))
    #endif
    return all
  }

  @Test("a target whose results cannot be written costs itself, and the next one is searched")
  func nextTarget() throws {
    let folder = try Self.folder(program: Self.found)
    try Data(">a\nMKTA\n>b\nMKTA\n".utf8).write(to: folder.url("t.fasta"))
    try FileManager.default.createDirectory(
      at: folder.url("out/a/msa_coverage.svg"), withIntermediateDirectories: true)
    let result = try Command.run(Self.search, in: folder)
    #expect(result.status == 73, "\(result.errors)")
    #expect(result.errors.contains("helixfold: a: out/a/msa_coverage.svg: cannot write"))
    #expect(result.output == "a\t4 residues\t2 rows\t0 failed\nb\t4 residues\t2 rows\t0 failed\n")
    #expect(FileManager.default.fileExists(atPath: folder.file("out/b/msa_coverage.svg")))
  }

  @Test("what an earlier search left goes away before the next one, other files stay")
  func earlierSearch() throws {
    let folder = try Self.folder(program: Self.found)
    #expect(try Command.run(Self.search, in: folder).status == 0)
    try Data("mine".utf8).write(to: folder.url("out/t/msas/notes"))
    try Data(">t\nMKTV\n".utf8).write(to: folder.url("t.fasta"))
    let failed = try Command.run(
      ["search", "t.fasta", "--database", "v=db.fasta", "--jackhmmer", "/bin/false", "-o", "out"],
      in: folder)
    #expect(failed.status == 70, "\(failed.errors)")
    let names = try FileManager.default.contentsOfDirectory(atPath: folder.file("out/t"))
    #expect(names.sorted() == ["msas", "searches.tsv"])
    let results = try FileManager.default.contentsOfDirectory(
      atPath: folder.file("out/t/msas"))
    #expect(results == ["notes"])
  }

  @Test("a prediction from other databases leaves no results of the earlier ones beside its own")
  func otherDatabases() throws {
    let folder = try Self.folder(program: Self.found)
    let predict = [
      "predict", "t.fasta", "--random-weights", "--preset", "tiny", "--num-recycle", "0",
      "--jackhmmer", "./jackhmmer", "-o", "out",
    ]
    for name in ["u", "v"] {
      let result = try Command.run(predict + ["--database", "\(name)=db.fasta"], in: folder)
      #expect(result.status == 0, "\(result.errors)")
      let results = try FileManager.default.contentsOfDirectory(
        atPath: folder.file("out/t/msas"))
      #expect(results == ["\(name)_hits.sto"])
    }
    #expect(try Command.run(predict, in: folder).status == 0)
    #expect(!FileManager.default.fileExists(atPath: folder.file("out/t/msas")))
  }

  @Test(
    "a name given twice is a wrong flag",
    arguments: [["search", "t.fasta"], ["databases", "check"]])
  func twice(_ command: [String]) throws {
    let folder = try Self.folder(program: Self.found)
    var arguments = command + ["--database", "u=db.fasta", "--database", "U=db.fasta"]
    if command[0] == "search" { arguments += ["-o", "out"] }
    let result = try Command.run(arguments, in: folder)
    #expect(result.status == 64, "\(result.errors)")
    #expect(result.errors.contains("--database: the name 'U' is given twice"), "\(result.errors)")
  }

  private static let search = [
    "search", "t.fasta", "--database", "u=db.fasta", "--jackhmmer", "./jackhmmer", "-o", "out",
  ]

  /// Two rows in the file after -A.
  private static let found =
    #"printf '# STOCKHOLM 1.0\n\nt MKTA\nh/1-4 MKTG\n//\n' > "$OUT""#

  private static func folder(program: String) throws -> ScratchFolder {
    let folder = try ScratchFolder()
    try Data(">t\nMKTA\n".utf8).write(to: folder.url("t.fasta"))
    try Data(">one\nMKTA\n".utf8).write(to: folder.url("db.fasta"))
    try folder.writeSearchProgram(program, to: "jackhmmer")
    return folder
  }

  private static func number(in file: URL) -> Int32? {
    (try? String(contentsOf: file, encoding: .utf8)).flatMap {
      Int32($0.trimmingCharacters(in: .whitespacesAndNewlines))
    }
  }

  /// Whether a process is gone, or waits for nothing but that somebody asks how it ended.
  private static func hasEnded(_ process: Int32) -> Bool {
    if kill(process, 0) != 0 { return errno == ESRCH }
    let state = try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8)
    return state?.contains(") Z ") == true
  }
}
