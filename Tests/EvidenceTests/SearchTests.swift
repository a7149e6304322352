import AtomicFiles
import BasicTestSupport
import FeaturePipeline
import Foundation
import Protein
import Synchronization
import Testing

@testable import Evidence

/// A folder with a database and programs that are small shell scripts.
final class SearchBench: Sendable {
  private let folder: ScratchFolder
  let events = Mutex<[SearchEvent]>([])

  init() throws {
    folder = try ScratchFolder()
    try FileManager.default.createDirectory(
      at: folder.url("bin"), withIntermediateDirectories: false)
    try folder.write(">one\nMKTAYIAKQRQISFVKSHFSRQ\n", to: "db.fasta")
  }

  var root: String { folder.path }

  /// What programs say of their version.
  static let version = "# HMMER 9.9 (made up)"

  /// A program; each run adds a line to `runs`, but not the question after its version.
  ///
  /// `$OUT` is the argument after -A, -oa3m or -o, `$ALL` are all of them.
  func tool(_ tool: SearchTool, _ body: String) throws {
    try folder.writeSearchProgram(
      "echo \(tool.rawValue) >> '\(root)/runs'\n\(body)", to: "bin/\(tool.rawValue)",
      version: "cat '\(root)/version' 2> /dev/null || echo '\(Self.version)'")
  }

  func runner(
    _ databases: [String] = ["uniref90"], interruption: SearchInterruption = SearchInterruption(),
    prefersMMseqs: Bool = false
  ) -> SearchRunner {
    let options = SearchOptions(
      databases: databases.map { SearchDatabase(name: $0, path: root + "/db.fasta") },
      tools: ToolPaths(path: root + "/bin"),
      threads: 2, cacheFolder: root + "/cache", prefersMMseqs: prefersMMseqs)
    return SearchRunner(options: options, interruption: interruption) { event in
      self.events.withLock { $0.append(event) }
    }
  }

  func run(_ databases: [String] = ["uniref90"]) throws -> SearchReport {
    runner(databases).run(sequence: try Self.sequence, into: root + "/msas")
  }

  /// Interrupts the searches as soon as a program has written a line into a file.
  func interrupt(_ interruption: SearchInterruption, afterLineOf file: String) {
    let path = "\(root)/\(file)"
    DispatchQueue.global().async {
      // Searches that never come so far are the test's to end.
      for _ in 0..<30_000 {
        let text = try? String(contentsOfFile: path, encoding: .utf8)
        if text?.hasSuffix("\n") == true { break }
        usleep(1_000)
      }
      interruption.interrupt()
    }
  }

  var runs: Int {
    ((try? String(contentsOfFile: root + "/runs", encoding: .utf8)) ?? "").split(separator: "\n")
      .count
  }

  /// Whether the process whose number a program wrote into `child` has ended, or ends within some seconds.
  func childIsGone() throws -> Bool {
    let text = try String(contentsOfFile: root + "/child", encoding: .utf8)
    let child = try #require(Int32(text.trimmingCharacters(in: .whitespacesAndNewlines)))
    for _ in 0..<100 {
      if kill(child, 0) != 0, errno == ESRCH { return true }
      // One that nobody collects has ended too.
      let state = try? String(contentsOfFile: "/proc/\(child)/stat", encoding: .utf8)
      if state?.contains(") Z ") == true { return true }
      Thread.sleep(forTimeInterval: 0.05)
    }
    return false
  }

  var messages: [String] {
    events.withLock { events in
      events.compactMap { if case .message(_, let line) = $0 { line } else { nil } }
    }
  }

  static var sequence: ProteinSequence { get throws { try ProteinSequence("MKTAYIAKQR") } }

  static let goodResult = """
    printf '# STOCKHOLM 1.0\\n\\ntarget MKTAYIAKQR\\nhit/1-10 MKTA-IAKQR\\n//\\n' > "$OUT"
    """
}

@Suite("Searches with stand-in programs")
struct SearchTests {
  @Test("a result is kept in AlphaFold's name and counted")
  func success() throws {
    let bench = try SearchBench()
    try bench.tool(.jackhmmer, SearchBench.goodResult)
    let report = try bench.run()
    #expect(report.rows.map(\.rows) == [2])
    #expect(report.exitStatus == .success)
    #expect(FileManager.default.fileExists(atPath: bench.root + "/msas/uniref90_hits.sto"))
    #expect(try FileManager.default.contentsOfDirectory(atPath: bench.root + "/cache").count == 1)
  }

  @Test("the second run uses the kept result and starts no program")
  func cache() throws {
    let bench = try SearchBench()
    try bench.tool(.jackhmmer, SearchBench.goodResult)
    _ = try bench.run()
    let again = try bench.run()
    #expect(again.rows.map(\.isCached) == [true])
    #expect(bench.runs == 1)
  }

  @Test("MMseqs2 gets a database that is made of FASTA once, and anew of a new file")
  func convertedDatabase() throws {
    let bench = try SearchBench()
    try bench.tool(
      .mmseqs,
      """
      set -- $ALL
      echo "$@" >> '\(bench.root)/calls'
      case "$1" in
        createdb) echo made > "$3"; echo type > "$3.dbtype";;
        search) [ -f "$3.dbtype" ] || exit 1;;
        unpackdb) sed -n '1s/.*/>target/p;2p' '\(bench.root)/query' > "$3/0.a3m";;
      esac
      """)
    func search(_ letters: String) throws {
      try ">target\n\(letters)\n".write(
        toFile: bench.root + "/query", atomically: false, encoding: .utf8)
      let report = bench.runner(prefersMMseqs: true).run(
        sequence: try ProteinSequence(letters), into: bench.root + "/msas")
      #expect(report.rows.map(\.rows) == [1], "\(report.failures)")
    }
    func conversions() throws -> [String] {
      try String(contentsOfFile: bench.root + "/calls", encoding: .utf8).split(separator: "\n")
        .filter { $0.contains("createdb \(bench.root)/db.fasta") }.map(String.init)
    }
    for letters in ["MKTAYIAKQR", "GASTGASTGA"] { try search(letters) }
    #expect(try conversions().count == 1)
    let all = try String(contentsOfFile: bench.root + "/calls", encoding: .utf8)
    #expect(
      all.split(separator: "\n").filter { $0.hasPrefix("createdb") }.allSatisfy {
        $0.hasSuffix(" --dbtype 1")
      })
    func kept() throws -> [String] {
      try FileManager.default.contentsOfDirectory(atPath: bench.root + "/cache").filter {
        $0.hasPrefix("database-uniref90-")
      }.map { bench.root + "/cache/" + $0 }
    }
    // One that is not whole is made anew.
    try Data().write(to: URL(fileURLWithPath: try #require(kept().first) + "/target"))
    try search("ASTGASTGAG")
    #expect(try conversions().count == 2 && kept().count == 1)
    // That of an earlier file goes when nobody has used it for a week, others stay.
    let other = bench.root + "/cache/database-uniref90-old-" + String(repeating: "0", count: 64)
    try FileManager.default.createDirectory(atPath: other, withIntermediateDirectories: true)
    for (days, left) in [(6, 3), (8, 2)] {
      for path in try kept() where path != other {
        try FileManager.default.setAttributes(
          [.modificationDate: Date(timeIntervalSinceNow: -Double(days) * 86_400)],
          ofItemAtPath: path + "/files.json")
      }
      try ">two\nMKTAYIAKQRQISFVKSHFSRQ\(String(repeating: "L", count: days))\n".write(
        toFile: bench.root + "/db.fasta", atomically: false, encoding: .utf8)
      try search("MKTAYIAKQR")
      #expect(try kept().count == left && kept().contains(other))
    }
    #expect(try conversions().count == 4)
  }

  @Test("another sequence, a changed database or a flipped byte of the result is searched again")
  func invalidation() throws {
    let bench = try SearchBench()
    try bench.tool(.jackhmmer, SearchBench.goodResult)
    _ = try bench.run()
    try ">two\nMKTAYIAKQRQISFVKSHFSRQLLL\n".write(
      toFile: bench.root + "/db.fasta", atomically: false, encoding: .utf8)
    #expect(try bench.run().rows.map(\.isCached) == [false])
    for name in try FileManager.default.contentsOfDirectory(atPath: bench.root + "/cache") {
      let path = "\(bench.root)/cache/\(name)/result"
      var bytes = try #require(FileManager.default.contents(atPath: path))
      bytes[30] ^= 1
      try bytes.write(to: URL(fileURLWithPath: path))
    }
    #expect(try bench.run().rows.map(\.isCached) == [false])
    #expect(bench.runs == 3)
    let warnings = bench.events.withLock { events in
      events.filter { if case .warning = $0 { true } else { false } }.count
    }
    #expect(warnings == 1)
  }

  @Test(
    "a failing program's cause is one line, and the other searches go on",
    arguments: [
      (
        "echo 'Error: Failed to open sequence file /d/uniref90.fasta for reading' >&2; exit 1",
        "jackhmmer failed: a file is missing (Error: Failed to open sequence file"
          + " /d/uniref90.fasta for reading)"
      ),
      (
        "echo 'terminate called: std::bad_alloc' >&2; exit 134",
        "jackhmmer failed: not enough memory (terminate called: std::bad_alloc)"
      ),
      (
        "echo '/db: Permission denied'; exit 2",
        "jackhmmer failed: permission denied (/db: Permission denied)"
      ),
      (
        "kill -9 $$",
        "jackhmmer failed: killed by signal 9 (SIGKILL); mostly the system does this when memory"
          + " runs out"
      ),
      ("exit 3", "jackhmmer failed: exit status 3, and it wrote no message"),
      (
        "printf 'Error: Parse failed (sequence file d):\\nLine 8: illegal character -\\n' >&2; exit 1",
        "jackhmmer failed: a database file is damaged or of another kind (Error: Parse failed"
          + " (sequence file d): Line 8: illegal character -)"
      ),
      ("exit 0", "jackhmmer ended well, but its result cannot be used: it left no file"),
      (
        "echo rubbish > \"$OUT\"",
        "jackhmmer ended well, but its result cannot be used: uniref90_hits.sto:1: expected a name and"
          + " aligned letters"
      ),
      (
        "printf '# STOCKHOLM 1.0\\ntarget MKTAYIAKQW\\n//\\n' > \"$OUT\"",
        "jackhmmer ended well, but its result cannot be used: uniref90_hits.sto: the first row has 'W'"
          + " at residue 10, the target has 'R'; the first row must be the target's sequence"
      ),
    ])
  func failures(body: String, message: String) throws {
    let bench = try SearchBench()
    // The program fails on the first database only.
    try bench.tool(
      .jackhmmer,
      "if [ $(wc -l < '\(bench.root)/runs') -gt 1 ]; then \(SearchBench.goodResult); else \(body); fi"
    )
    let report = try bench.run(["uniref90", "mgnify"])
    #expect(report.rows.map { $0.failure?.description } == [message, nil])
    #expect(report.rows.map(\.rows) == [0, 2])
    #expect(report.exitStatus == .internalError)
  }

  @Test("a program that is not installed is named with its package, exit status 69")
  func missingTool() throws {
    let bench = try SearchBench()
    let report = try bench.run()
    #expect(
      report.failures.map(\.description) == [
        "jackhmmer is not installed; install the Debian package hmmer or give --jackhmmer PATH"
      ])
    #expect(report.exitStatus == .missingTool)
  }

  @Test("a database that is not there is named, and the others are searched")
  func missingDatabase() throws {
    let bench = try SearchBench()
    try bench.tool(.jackhmmer, SearchBench.goodResult)
    var options = bench.runner().options
    options.databases.insert(SearchDatabase(name: "bfd", path: "/nowhere/bfd"), at: 0)
    let report = SearchRunner(options: options).run(
      sequence: try SearchBench.sequence, into: bench.root + "/msas")
    #expect(report.rows.map { $0.failure?.exitStatus } == [nil, .missingInput])
    #expect(
      report.failures.first?.description
        == "database bfd: /nowhere/bfd: no such file, and no /nowhere/bfd_hhm.ffdata or .dbtype")
  }

  @Test(
    "a hanging program is stopped when the user interrupts, exit status 130",
    .timeLimit(.minutes(1)))
  func interrupt() throws {
    let bench = try SearchBench()
    try bench.tool(.jackhmmer, "exec sleep 600")
    let interruption = SearchInterruption()
    let runner = bench.runner(["uniref90", "mgnify"], interruption: interruption)
    let sequence = try SearchBench.sequence
    bench.interrupt(interruption, afterLineOf: "runs")
    let report = runner.run(sequence: sequence, into: bench.root + "/msas")
    #expect(report.failures == [.interrupted(.jackhmmer), .interrupted(.jackhmmer)])
    #expect(report.exitStatus == .interrupted)
    #expect(bench.runs == 1)
    #expect(try FileManager.default.contentsOfDirectory(atPath: bench.root + "/cache").isEmpty)
  }

  @Test(
    "what an interrupted program has started ends with it, as the children of MMseqs2's scripts must",
    .timeLimit(.minutes(1)))
  func interruptChildren() throws {
    let bench = try SearchBench()
    try bench.tool(.jackhmmer, "sleep 600 & echo $! > '\(bench.root)/child'; wait")
    let interruption = SearchInterruption()
    let runner = bench.runner(interruption: interruption)
    let sequence = try SearchBench.sequence
    bench.interrupt(interruption, afterLineOf: "child")
    #expect(runner.run(sequence: sequence, into: bench.root + "/msas").exitStatus == .interrupted)
    #expect(try bench.childIsGone())
  }

  @Test("what a program writes arrives line by line without control characters")
  func messages() throws {
    let bench = try SearchBench()
    try bench.tool(
      .jackhmmer, "printf 'first\\033[31m\\nsecond\\r\\nlast' >&2; \(SearchBench.goodResult)")
    _ = try bench.run()
    #expect(bench.messages == ["first[31m", "second", "last"])
  }

  @Test("folders left by killed runs are removed, a half-made entry is never used")
  func abandoned() throws {
    let bench = try SearchBench()
    try bench.tool(.jackhmmer, SearchBench.goodResult)
    _ = try bench.run()
    let cache = bench.root + "/cache"
    let entry = try #require(try FileManager.default.contentsOfDirectory(atPath: cache).first)
    // A process number above the limit of Linux and macOS, so of no living process.
    let left = "\(cache)/partial-" + ProcessMark.make(by: 99_999_999)
    let elsewhere = "\(cache)/partial-99999999-elsewhere-0-1"
    for path in [left, elsewhere] {
      try FileManager.default.copyItem(atPath: "\(cache)/\(entry)", toPath: path)
    }
    for missing in ["result", "entry.json"] {
      try FileManager.default.removeItem(atPath: "\(cache)/\(entry)/\(missing)")
      #expect(try bench.run().rows.map(\.isCached) == [false])
      #expect(try bench.run().rows.map(\.isCached) == [true])
    }
    #expect(!FileManager.default.fileExists(atPath: left))
    #expect(FileManager.default.fileExists(atPath: elsewhere))
  }

  @Test("a database that another process made meanwhile is used, one that is not whole is replaced")
  func sharedDatabase() throws {
    let scratch = try ScratchFolder()
    let cache = SearchCache(folder: scratch.file("cache"))
    let identity = try JSONDecoder().decode(
      SearchDatabase.Identity.self, from: Data(#"{"database": "db", "files": []}"#.utf8))
    func store(_ text: String) throws -> String {
      try scratch.write(text, to: "work/target.idx")
      return try cache.storeDatabase(from: scratch.file("work"), identity)
    }
    let path = try store("first") + ".idx"
    #expect(try store("other") + ".idx" == path)
    #expect(try String(contentsOfFile: path, encoding: .utf8) == "first")
    try "half".write(toFile: path, atomically: false, encoding: .utf8)
    #expect(cache.database(identity) == nil)
    #expect(try store("third") + ".idx" == path)
    #expect(try String(contentsOfFile: path, encoding: .utf8) == "third")
    let names = try FileManager.default.contentsOfDirectory(atPath: cache.folder)
    #expect(names.count == 1, "\(names)")
  }

  @Test("templates are searched with the distinct rows of the first alignment, last of all")
  func templateSearch() throws {
    let bench = try SearchBench()
    try bench.tool(.jackhmmer, SearchBench.goodResult)
    try bench.tool(.hmmbuild, "cp \"$PWD/x\" /dev/null 2>/dev/null; exit 0")
    try bench.tool(
      .hmmsearch,
      "printf '# STOCKHOLM 1.0\\n1abc_A/3-12 MKTAyYIAKQR\\n//\\n' > \"$OUT\"")
    let report = try bench.run(["pdb_seqres", "mgnify", "uniref90"])
    #expect(report.rows.map(\.step) == ["uniref90", "mgnify", "pdb_seqres"])
    #expect(report.rows.map(\.rows) == [2, 2, 1])
    #expect(report.templateHits.map(\.path) == [bench.root + "/msas/pdb_hits.sto"])
  }

  @Test(
    "templates are searched from the alignment that a target comes with where no search finds one")
  func templateSearchFromGiven() throws {
    let bench = try SearchBench()
    try bench.tool(.hmmbuild, "for LAST in $ALL; do :; done; cp \"$LAST\" '\(bench.root)/query'")
    try bench.tool(
      .hmmsearch,
      "printf '# STOCKHOLM 1.0\\n1abc_A/3-12 MKTAyYIAKQR\\n//\\n' > \"$OUT\"")
    let given = try Alignment.parse(
      InputText(name: "own.a3m", ">t\nMKTAYIAKQR\n>a\nMKTAlYIA-QR\n>b\nMKTAYIAKQR\n"))
    let report = bench.runner(["pdb_seqres"]).run(
      sequence: try SearchBench.sequence, given: [given], into: bench.root + "/msas")
    #expect(report.rows.map(\.rows) == [1] && report.failures.isEmpty)
    #expect(
      try String(contentsOfFile: bench.root + "/query", encoding: .utf8) == """
        # STOCKHOLM 1.0

        target MKTA.YIAKQR
        row_2 MKTAxYIA-QR
        #=GC RF xxxx.xxxxxx
        //

        """)
    #expect(TemplateQuery.a3m(given) == ">target\nMKTAYIAKQR\n>row_2\nMKTAxYIA-QR\n")
  }

  @Test("a template search without an alignment says what it needs")
  func templateSearchAlone() throws {
    let bench = try SearchBench()
    let report = try bench.run(["pdb_seqres"])
    #expect(report.failures == [.noStart(database: "pdb_seqres")])
    #expect(report.exitStatus == .usage)
    // A search for the alignment was planned, and fails.
    try bench.tool(.jackhmmer, "exit 3")
    try bench.tool(.hmmbuild, "exit 0")
    let failed = try bench.run(["uniref90", "pdb_seqres"])
    #expect(failed.failures.last == .startFailed && failed.exitStatus == .internalError)
  }

  @Test("arguments are AlphaFold 2.3's")
  func arguments() {
    let names = SearchStep.Names(input: "in", work: "w", databases: ["d"], threads: "8")
    func line(_ tool: SearchTool, _ form: SearchDatabase.Form) -> [String] {
      SearchStep(
        name: "x", tool: tool, databases: [], form: form, purpose: .alignment
      ).commands(names).map { ([$0.tool.rawValue] + $0.arguments).joined(separator: " ") }
    }
    #expect(
      line(.jackhmmer, .fasta) == [
        "jackhmmer -o /dev/null -A w/result --noali --F1 0.0005 --F2 5e-05 --F3 5e-07 --incE 0.0001"
          + " -E 0.0001 --cpu 8 -N 1 in d"
      ])
    #expect(
      line(.hhblits, .hhsuite) == [
        "hhblits -i in -cpu 8 -oa3m w/result -o /dev/null -n 3 -e 0.001 -maxseq 1000000"
          + " -realign_max 100000 -maxfilt 100000 -min_prefilter_hits 1000 -d d"
      ])
    #expect(
      line(.hhsearch, .hhsuite) == ["hhsearch -i in -o w/result -maxseq 1000000 -cpu 8 -d d"])
    #expect(
      line(.hmmsearch, .fasta) == [
        "hmmbuild --hand --amino w/profile.hmm in",
        "hmmsearch --noali --cpu 8 --F1 0.1 --F2 0.1 --F3 0.1 -E 100 --incE 100 --domE 100"
          + " --incdomE 100 -o /dev/null -A w/result w/profile.hmm d",
      ])
  }

  // FIPS 180-4 examples and the lengths around the padding's edges (sha256sum of that many letters a).
  @Test(
    "SHA-256 equals the standard's examples",
    arguments: [
      ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
      ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
      (
        "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
        "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
      ),
      (
        String(repeating: "a", count: 55),
        "9f4390f8d30c2dd92ec9f095b65e2b9ae9b0a925a5258e241c9f1e910f734318"
      ),
      (
        String(repeating: "a", count: 63),
        "7d3e74a05d7db15bce4ad9ec0658ea98e3f06eeecf16b4c6fff2da457ddc2f34"
      ),
      (
        String(repeating: "a", count: 64),
        "ffe054fe7ae0cb6dc65c3af9b61d5209f439851db43d0ba5997337df154668eb"
      ),
      (
        String(repeating: "a", count: 119),
        "31eba51c313a5c08226adf18d4a359cfdfd8d2e816b13f4af952f7ea6584dcfb"
      ),
      (
        String(repeating: "a", count: 120),
        "2f3d335432c70b580af0e8e1b3674a7c020d683aa5f73aaaedfdc55af904c21c"
      ),
    ])
  func digest(text: String, expected: String) {
    #expect(SHA256.hex(text) == expected)
  }
}
