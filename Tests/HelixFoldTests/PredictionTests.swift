import AtomicFiles
import BasicTestSupport
import FeaturePipeline
import FoldingCore
import FoldingModel
import Foundation
import Messages
import TensorCore
import Testing
import Weights

@testable import HelixFold

/// Whole predictions with the tiny network and random parameters.
@Suite("Prediction")
struct PredictionTests {
  @Test("a killed run resumes to the same bits, whatever pass it was in", arguments: 1...3)
  func resume(_ passes: Int) throws {
    let folder = try ScratchFolder()
    var undisturbed = options(folder, "whole")
    undisturbed.savesRecycles = true
    #expect(try predict(undisturbed) == .success)
    var stopped = options(folder, "resumed")
    stopped.resumes = true
    stopped.savesRecycles = true
    #expect(throws: Interrupted(.goesOn)) { try predict(stopped, stopAfter: passes) }
    // As if it was killed before the structure of its last pass was written.
    try FileManager.default.removeItem(
      atPath: folder.path + "/resumed/toy/unrelaxed_tiny_r\(passes - 1).pdb")
    #expect(try predict(stopped) == .success)
    let structures = ["ranked_0", "unrelaxed_tiny"] + (0...3).map { "unrelaxed_tiny_r\($0)" }
    for file in structures.flatMap({ ["\($0).pdb", "\($0).cif"] }) + [
      "pae_tiny.json", "confidence_tiny.json", "ranking_debug.json",
    ] {
      #expect(try folder.read("whole/toy/\(file)") == folder.read("resumed/toy/\(file)"), "\(file)")
    }
    #expect(!FileManager.default.fileExists(atPath: folder.path + "/resumed/toy/state_tiny.npz"))
  }

  @Test("a finished target is left alone when resumed; another seed is predicted beside it")
  func finishedTargets() throws {
    let folder = try ScratchFolder()
    var options = options(folder, "out")
    var passes = 0
    let run = {
      passes = 0
      let pipeline = try self.pipeline(options)
      pipeline.afterPass = { passes += 1 }
      return try pipeline.predict([try self.toy("MKTAY")]) { _, _ in }
    }
    #expect(try run() == .success)
    #expect(passes == 4)
    options.resumes = true
    #expect(try run() == .success)
    #expect(passes == 0)
    options.seed = 1
    #expect(try run() == .success)
    #expect(passes == 4)
    for name in ["tiny", "tiny_pred_1"] {
      #expect(try folder.read("out/toy/ranking_debug.json").contains("\"\(name)\":"))
    }
  }

  @Test("chains of one and two residues work", arguments: ["M", "MK", "MKV"])
  func shortChains(_ letters: String) throws {
    let folder = try ScratchFolder()
    #expect(try predict(options(folder, "out"), letters: letters) == .success)
    let lines = try folder.read("out/toy/ranked_0.pdb").split(separator: "\n")
    #expect(lines.filter { $0.hasPrefix("ATOM") && $0.contains(" CA ") }.count == letters.count)
  }

  /// A target whose input is wrong.
  private static let bad = PredictionTarget(
    id: "bad", features: .failure(InputError.content(file: "x", problem: "is wrong")), warnings: [])

  @Test("a failed target is listed and the others go on")
  func failures() throws {
    let folder = try ScratchFolder()
    let bad = Self.bad
    let options = options(folder, "out")
    let status = try pipeline(options).predict([bad, try toy("MKV")]) { _, _ in }
    #expect(status == .someFailed)
    #expect(try folder.read("out/failures.json").contains("x: is wrong"))
    #expect(FileManager.default.fileExists(atPath: folder.path + "/out/toy/ranked_0.pdb"))
    #expect(try pipeline(options).predict([bad]) { _, _ in } == .badInput)
  }

  @Test("targets that cannot be used are named before the first is computed")
  func failuresFirst() throws {
    let folder = try ScratchFolder()
    let bad = Self.bad
    let planner = try pipeline(options(folder, "out")).planner
    #expect(planner.order(of: [try toy("MKV"), bad, try toy("MKTAY", id: "b")]) == [1, 0, 2])
  }

  @Test("the draws of an ensemble count one after the other, and progress never runs back")
  func ensembleProgress() {
    let size = ProblemSize(residues: 9, clusters: 2, extraRows: 0, templates: 0)
    var meter = PassMeter(CostModel(.tiny, size), passes: 2, ensembles: 2, done: 0)
    let steps = [(0, 0.5), (0, 1), (0, 0.5), (0, 1), (1, 0.5), (1, 1), (1, 0.5), (1, 1)]
    let fractions = steps.map { meter.update(pass: $0.0, share: $0.1).fraction }
    #expect(fractions == [0.125, 0.25, 0.375, 0.5, 0.625, 0.75, 0.875, 1])
  }

  @Test(
    "variables say how many threads compute, OpenMP's within the processors",
    arguments: [
      ([:], nil), (["HELIXFOLD_THREADS": "0", "OMP_NUM_THREADS": "1"], nil),
      (["HELIXFOLD_THREADS": "9"], 9), (["OMP_NUM_THREADS": "9"], 4),
      (["OMP_NUM_THREADS": "2"], 2), (["OMP_NUM_THREADS": " 3, 2"], 3),
      (["OMP_NUM_THREADS": "0"], nil), (["OMP_NUM_THREADS": "x"], nil),
      (["HELIXFOLD_THREADS": "", "OMP_NUM_THREADS": "1"], 1),
      (["HELIXFOLD_THREADS": "3", "OMP_NUM_THREADS": "1"], 3),
    ] as [([String: String], Int?)])
  func threadVariables(environment: [String: String], expected: Int?) {
    let found = ThreadDefault(environment: environment, available: 4)
    #expect(found.asked == expected && found.problem == nil)
  }

  @Test(
    "a variable of our own that is no number of threads is told", arguments: ["-1", "x", "1e3"])
  func wrongThreadVariable(text: String) {
    let found = ThreadDefault(environment: ["HELIXFOLD_THREADS": text], available: 4)
    #expect(found.asked == nil)
    let expected = "the variable HELIXFOLD_THREADS is '\(text)', expected 1 to 1024, or 0 for all"
    #expect(found.problem == expected)
  }

  @Test(
    "limits of memory are looked for in a process's groups and all above them, in both versions")
  func controlGroups() {
    let text = "4:cpu,memory:/slurm/job_1\n3:pids:/x\n0::/user.slice/a\n"
    #expect(
      ProcessMemory.limitFiles(ofGroups: text) == [
        "/sys/fs/cgroup/memory/memory.limit_in_bytes",
        "/sys/fs/cgroup/memory/slurm/memory.limit_in_bytes",
        "/sys/fs/cgroup/memory/slurm/job_1/memory.limit_in_bytes", "/sys/fs/cgroup/memory.max",
        "/sys/fs/cgroup/user.slice/memory.max", "/sys/fs/cgroup/user.slice/a/memory.max",
      ])
    #expect(ProcessMemory.limitFiles(ofGroups: "nonsense\n\n").isEmpty)
    #expect(
      ControlGroups.places(of: "cpu", in: text).map(\.folder) == [
        "/sys/fs/cgroup/cpu", "/sys/fs/cgroup/cpu/slurm", "/sys/fs/cgroup/cpu/slurm/job_1",
        "/sys/fs/cgroup", "/sys/fs/cgroup/user.slice", "/sys/fs/cgroup/user.slice/a",
      ])
  }

  @Test(
    "processors are those of the affinity, and whole ones of a quota",
    arguments: [
      ("Name:\tx\nCpus_allowed_list:\t0-3,8\nMems_allowed_list:\t0\n", 5),
      ("Cpus_allowed_list:\t7\n", 1), ("Cpus_allowed_list:\t\n", nil), ("", nil),
    ] as [(String, Int?)])
  func affinity(_ status: String, _ expected: Int?) {
    #expect(ProcessorCount.affinity(inStatus: status) == expected)
  }

  @Test(
    "a quota below one processor counts as one, none as no limit",
    arguments: [
      ("250000 100000\n", 2), ("50000 100000\n", 1), ("max 100000\n", nil),
      ("-1\n 100000\n", nil), ("", nil),
    ] as [(String, Int?)])
  func quota(_ text: String, _ expected: Int?) {
    #expect(ProcessorCount.quota(text) == expected)
  }

  @Test("the time left is that of the targets left, at the rate of those computed")
  func timeLeft() {
    var meter = TargetMeter([0: 10, 1: 30, 2: 50, 3: 10])
    #expect(meter.remaining == nil)
    meter.finish([1], computed: [], seconds: 0.1)  // failed: says nothing of the rate
    #expect(meter.remaining == nil)
    meter.finish([0], computed: [0], seconds: 20)
    #expect(meter.remaining == 120)
    meter.finish([2, 3], computed: [2, 3], seconds: 100)
    #expect(meter.remaining == 0)
    // One that is nothing but reading and writing.
    meter = TargetMeter([0: 1, 1: 100, 2: 100])
    meter.finish([0], computed: [0], seconds: 2)
    #expect(meter.remaining == nil)
    meter.finish([1], computed: [1], seconds: 99)
    #expect(meter.remaining == 100)
  }

  @Test(
    "targets that share passes get the files that they get alone, also after a kill",
    arguments: [nil, 2, 5])
  func packs(_ stopAfter: Int?) throws {
    let folder = try ScratchFolder()
    let letters = ["MKTAYIAKQRQISFVKSHFSRQ", "MKV", String(repeating: "GAVLKE", count: 12)]
    let targets = try letters.enumerated().map { try toy($1, id: "toy\($0)") }
    #expect(try pipeline(options(folder, "alone")).predict(targets) { _, _ in } == .success)
    var packed = options(folder, "packed")
    packed.packs = true
    if let stopAfter {
      let pipeline = try pipeline(packed)
      var finished = 0
      pipeline.afterPass = {
        finished += 1
        if finished == stopAfter { throw Interrupted(.goesOnWithResume) }
      }
      #expect(throws: Interrupted(.goesOnWithResume)) { try pipeline.predict(targets) { _, _ in } }
      packed.resumes = true
    }
    #expect(try pipeline(packed).predict(targets) { _, _ in } == .success)
    for target in targets {
      for name in ["ranked_0.pdb", "confidence_tiny.json", "pae_tiny.json", "provenance_tiny.json"]
      {
        let path = "\(target.id)/\(name)"
        #expect(try folder.read("alone/" + path) == folder.read("packed/" + path), "\(path)")
      }
    }
  }

  @Test("a dry run tells operations and a rough time, and writes nothing")
  func dryRun() throws {
    let bench = try PredictionBench()
    bench.options.isDryRun = true
    let targets = [
      try PredictionBench.target("MKTAYIAK"), try PredictionBench.target("MKV", id: "other"),
    ]
    #expect(try bench.run(["tiny"], targets) == .success)
    #expect(
      bench.said.matches(of: /TFLOP, roughly [0-9:]+ with 1 thread of this machine/).count == 3,
      "\(bench.said)")
    #expect(bench.said.contains("\n2 targets: "))
    #expect(!FileManager.default.fileExists(atPath: bench.path))
  }

  @Test("chains of up to 128 residues share passes, longer ones and ensembles do not")
  func groups() throws {
    let folder = try ScratchFolder()
    let targets = try [40, 128, 129, 60].enumerated().map { index, count in
      try toy(String(repeating: "G", count: count), id: "toy\(index)")
    }
    func groups(packs: Bool, ensembles: Int? = nil) throws -> [[Int]] {
      var options = options(folder, "out")
      (options.packs, options.ensembles) = (packs, ensembles)
      return try pipeline(options).planner.groups(of: targets)
    }
    let alone = [[0], [1], [2], [3]]
    #expect(try groups(packs: false) == alone)
    #expect(try groups(packs: true) == [[2], [0, 1, 3]])
    #expect(try groups(packs: true, ensembles: 1) == [[2], [0, 1, 3]])
    #expect(try groups(packs: true, ensembles: 2) == alone)
  }

  @Test("a target that fails in a pack does not stop the others")
  func failureInPack() throws {
    let folder = try ScratchFolder()
    let targets = try ["MKTAYIAK", "MKV"].enumerated().map { try toy($1, id: "toy\($0)") }
    var options = options(folder, "out")
    options.packs = true
    let pipeline = try pipeline(options)
    var finished = 0
    pipeline.afterPass = {
      finished += 1
      if finished == 3 { throw PassError.noDraws }  // once, while both share a pass
    }
    #expect(try pipeline.predict(targets) { _, _ in } == .success)
    options.packs = false
    options.output = folder.path + "/alone"
    #expect(try self.pipeline(options).predict(targets) { _, _ in } == .success)
    for target in targets {
      let file = "\(target.id)/ranked_0.pdb"
      #expect(try folder.read("out/" + file) == folder.read("alone/" + file))
    }
  }

  @Test("timings are seconds by name; the table of all targets has the memory that was held")
  func timings() throws {
    let folder = try ScratchFolder()
    #expect(try predict(options(folder, "out")) == .success)
    let text = try folder.read("out/toy/timings.json")
    let timings = try JSONDecoder().decode([String: Double].self, from: Data(text.utf8))
    #expect(timings.keys.contains("predict_and_compile_tiny"), "AlphaFold2's name")
    #expect(try folder.read("out/toy/provenance_tiny.json").contains("\"seed\": 0,"))
    #expect(timings.keys.contains("features"))
    #expect(timings.values.allSatisfy { (0...600).contains($0) }, "\(text)")
    let rows = try folder.read("out/summary.tsv").split(separator: "\n").map {
      $0.split(separator: "\t").map(String.init)
    }
    #expect(rows[0].last == "peak_bytes")
    #expect((rows[1].last.flatMap { Int($0) } ?? 0) > 1 << 20)
  }

  @Test("a plan over the limit is refused and names the need")
  func memoryLimit() throws {
    let folder = try ScratchFolder()
    var options = options(folder, "out")
    options.memoryLimit = 1 << 20
    #expect(try predict(options) == .memory)
    #expect(try folder.read("out/failures.json").contains("--max-memory"))
    #expect(!FileManager.default.fileExists(atPath: folder.path + "/out/toy"))
  }

  @Test("a killed writer's unfinished files go away")
  func unfinishedFiles() throws {
    let folder = try ScratchFolder()
    try FileManager.default.createDirectory(
      atPath: folder.path + "/out/toy", withIntermediateDirectories: true)
    // A process number above the limit of Linux and macOS, so of no living process.
    let unfinished =
      folder.path + "/out/toy/features.h5.partial-" + ProcessMark.make(by: 99_999_999)
    // Of a process that runs, and a user's own: both stay.
    let others = [
      "/out/toy/x.partial-" + ProcessMark.make(by: getppid()), "/out/toy/notes.partial-2.txt",
    ]
    let table = folder.path + "/out/summary.tsv.partial-" + ProcessMark.make(by: 99_999_999)
    // As libzip names what it writes.
    let archive =
      folder.path + "/out/toy/x.npz.partial-" + ProcessMark.make(by: 99_999_999) + ".a1B2c3"
    for path in [unfinished, table, archive] + others.map({ folder.path + $0 }) {
      try Data("half".utf8).write(to: URL(fileURLWithPath: path))
    }
    #expect(try predict(options(folder, "out")) == .success)
    for path in [unfinished, table, archive] {
      #expect(!FileManager.default.fileExists(atPath: path))
    }
    for path in others { #expect(FileManager.default.fileExists(atPath: folder.path + path)) }
    #expect(FileManager.default.fileExists(atPath: folder.path + "/out/toy/features.h5"))
  }

  @Test("seeds give different draws, the same seed the same bits")
  func seeds() throws {
    let folder = try ScratchFolder()
    var two = options(folder, "a")
    two.seedCount = 2
    #expect(try predict(two) == .success)
    #expect(try predict(options(folder, "b")) == .success)
    let first = try folder.read("a/toy/confidence_tiny.json")
    #expect(first != (try folder.read("a/toy/confidence_tiny_pred_1.json")))
    #expect(first == (try folder.read("b/toy/confidence_tiny.json")))
  }

  @Test("an ensemble gives another structure than its first draw; the files say how large it is")
  func ensembles() throws {
    let folder = try ScratchFolder()
    var options = options(folder, "one")
    options.recycles = 0
    #expect(try predict(options) == .success)
    (options.output, options.ensembles) = (folder.path + "/two", 2)
    #expect(try predict(options) == .success)
    let confidence = "toy/confidence_tiny.json"
    #expect(try folder.read("one/" + confidence) != folder.read("two/" + confidence))
    #expect(try folder.read("two/toy/provenance_tiny.json").contains("\"ensembles\": 2"))
  }

  @Test("a run with fewer seeds leaves no structure that it does not rank, and other targets alone")
  func staleRanks() throws {
    let folder = try ScratchFolder()
    var options = options(folder, "out")
    options.recycles = 0
    options.seedCount = 2
    #expect(try predict(options) == .success)
    let others = folder.path + "/out/other"
    try FileManager.default.createDirectory(atPath: others, withIntermediateDirectories: true)
    try Data().write(to: URL(fileURLWithPath: others + "/ranked_1.pdb"))
    options.seedCount = 1
    #expect(try predict(options) == .success)
    let ranked = try FileManager.default.contentsOfDirectory(atPath: folder.path + "/out/toy")
      .filter { $0.hasPrefix("ranked_") }
    #expect(ranked.sorted() == ["ranked_0.cif", "ranked_0.pdb"])
    #expect(FileManager.default.fileExists(atPath: others + "/ranked_1.pdb"))
  }

  @Test("early stopping ends with the first change below the tolerance")
  func earlyStop() throws {
    let folder = try ScratchFolder()
    var options = options(folder, "out")
    options.earlyStopTolerance = 1e6
    #expect(try predict(options) == .success)
    let text = try folder.read("out/toy/provenance_tiny.json")
    #expect(text.components(separatedBy: "\"change\":").count - 1 == 2)
    #expect(text.components(separatedBy: "\"ptm\": 0.").count - 1 == 3, "passes and the end")
  }

  @Test(
    "sizes of memory are read with their units",
    arguments: [
      ("8GiB", 8 << 30), ("8G", 8 << 30), ("900MiB", 900 << 20), ("1.5GB", 1_500_000_000),
      ("512", 512),
    ])
  func byteCounts(_ text: String, _ bytes: Int) {
    #expect(ByteCount(parsing: text)?.bytes == bytes)
  }

  @Test(
    "sizes without sense are refused", arguments: ["", "GiB", "-1G", "nan", "1e400", "8 elephants"])
  func badByteCounts(_ text: String) { #expect(ByteCount(parsing: text) == nil) }

  // MARK: - Support

  private func options(_ folder: ScratchFolder, _ name: String) -> PredictionOptions {
    var options = PredictionOptions()
    options.output = folder.path + "/" + name
    options.recycles = 3
    return options
  }

  private func predict(
    _ options: PredictionOptions, letters: String = "MKTAYIAKQRQISFVKSHFSRQ", stopAfter: Int? = nil
  ) throws -> Messages.ExitStatus {
    let reporter = ProgressReporter(style: .quiet)
    let pipeline = try FoldingPipeline(options, models: [Self.model], reporter: reporter)
    var finished = 0
    pipeline.afterPass = {
      finished += 1
      if finished == stopAfter { throw Interrupted(.goesOnWithResume) }
    }
    return try pipeline.predict([try toy(letters)]) { _, _ in }
  }

  private func pipeline(_ options: PredictionOptions) throws -> FoldingPipeline {
    try FoldingPipeline(options, models: [Self.model], reporter: ProgressReporter(style: .quiet))
  }

  private func toy(_ letters: String, id: String = "toy") throws -> PredictionTarget {
    try PredictionBench.target(
      letters, id: id,
      others: [String(letters.reversed()), String(repeating: "A", count: letters.count)])
  }

  private static let model = ModelDescription(
    name: "tiny", source: "recipe", checksum: "1", config: .tiny,
    parameters: RecipeParameters(.tiny, seed: 1), isRandom: true)
}
