import BasicTestSupport
import Foundation
import Testing
import TrainingTestSupport

/// From a training store to averaged and validated weights, as a user walks it.
@Suite("Commands for training")
struct TrainingCommandTests {
  @Test("Ctrl-C saves and has status 130; resumed, the run ends with the bits of one left alone")
  func interruption() throws {
    let folder = try Self.store()
    let train = ["train", "--config", "tiny", "--data", "s.h5", "--threads", "1"]
    let log = folder.url("stopped/log.jsonl")
    let stopped = try Command.run(train + ["-o", "stopped", "--steps", "100000"], in: folder) {
      while $0.isRunning, Self.steps(log) < 3 { usleep(2_000) }
      $0.interrupt()
    }
    #expect(stopped.status == 130, "\(stopped.errors)")
    #expect(stopped.output.isEmpty)
    #expect(stopped.errors.contains("--resume"), "\(stopped.errors)")
    let steps = ["--steps", "\(Self.steps(log) + 3)"]
    #expect(Self.steps(log) >= 3)

    let again = try Command.run(train + ["-o", "stopped"] + steps, in: folder)
    #expect(again.status == 73 && again.errors.contains("--resume"), "\(again.errors)")
    let resumed = try Command.run(train + ["-o", "stopped", "--resume"] + steps, in: folder)
    #expect(resumed.status == 0, "\(resumed.errors)")
    let alone = try Command.run(train + ["-o", "alone"] + steps, in: folder)
    #expect(alone.status == 0, "\(alone.errors)")
    #expect(alone.output == "alone/weights.h5\n")
    #expect(
      try Data(contentsOf: folder.url("alone/weights.h5"))
        == Data(contentsOf: folder.url("stopped/weights.h5")))
    #expect(Self.steps(log) == Self.steps(folder.url("alone/log.jsonl")))
  }

  @Test("a full disk has status 74 and keeps the last good checkpoint, from which the run goes on")
  func fullDisk() throws {
    let folder = try Self.store()
    let train = ["train", "--config", "tiny", "--data", "s.h5", "-o", "run", "--threads", "1"]
    #expect(try Command.run(train + ["--steps", "5"], in: folder).status == 0)
    let good = try Data(contentsOf: folder.url("run/last.checkpoint"))
    // Files may have half the size of the checkpoint, in blocks of 512 bytes.
    let full = try Command.run(
      train + ["--steps", "10", "--resume"], in: folder, limit: "ulimit -f \(good.count / 1024)")
    #expect(full.status == 74, "\(full.errors)")
    #expect(full.errors.contains("cannot write"), "\(full.errors)")
    #expect(try Data(contentsOf: folder.url("run/last.checkpoint")) == good)
    let left = try FileManager.default.contentsOfDirectory(atPath: folder.file("run"))
    #expect(!left.contains { $0.contains(".partial-") }, "\(left)")
    let after = try Command.run(train + ["--steps", "10", "--resume"], in: folder)
    #expect(after.status == 0, "\(after.errors)")
  }

  @Test("a run whose messages nobody reads any more goes on, and saves when it is interrupted")
  func brokenPipe() throws {
    let folder = try Self.store()
    let process = Process()
    process.executableURL = Command.executable
    process.environment = Command.environment
    process.currentDirectoryURL = folder.url
    try Data(#"{"preset": "tiny", "validation": {"interval": 0}}"#.utf8)
      .write(to: folder.url("c.json"))
    let train = ["train", "--config", "c.json", "--data", "s.h5", "-o", "run", "--threads", "1"]
    process.arguments = train + ["--steps", "100000", "--progress", "json"]
    let (output, errors) = (Pipe(), Pipe())
    (process.standardOutput, process.standardError) = (output, errors)
    let running = try RunningProgram(process)
    try output.fileHandleForReading.close()
    try errors.fileHandleForReading.close()
    let log = folder.url("run/log.jsonl")
    while process.isRunning, Self.steps(log) < 7 { usleep(2_000) }
    #expect(process.isRunning)
    process.interrupt()
    running.wait()
    #expect(process.terminationReason == .exit && process.terminationStatus == 130)
    let resumed = try Command.run(
      train + ["--steps", "\(Self.steps(log))", "--resume"], in: folder)
    // All that the log knows was saved.
    #expect(resumed.status == 0 && resumed.errors.contains("are done already"), "\(resumed.errors)")
  }

  @Test("a folder in which a run trains is refused to another")
  func busy() throws {
    let folder = try Self.store()
    let train = ["train", "--config", "tiny", "--data", "s.h5", "-o", "run", "--threads", "1"]
    let first = try Command.run(train + ["--steps", "100000"], in: folder) { process in
      let log = folder.url("run/log.jsonl")
      while process.isRunning, Self.steps(log) < 2 { usleep(2_000) }
      let second = try Command.run(train + ["--steps", "100000", "--resume"], in: folder)
      #expect(second.status == 73, "\(second.errors)")
      let message =
        "helixfold: run: another process trains in this folder; stop it first or choose another folder\n"
      #expect(second.errors.hasSuffix(message), "\(second.errors)")
      process.interrupt()
    }
    #expect(first.status == 130, "\(first.errors)")
  }

  @Test("averages of a run's snapshots are written by every method, and of one file are that file")
  func averages() throws {
    let folder = try Self.store()
    try Data(
      #"{"preset": "tiny", "run": {"steps": 6, "snapshotInterval": 2, "snapshots": 3}}"#.utf8
    )
    .write(to: folder.url("run.json"))
    let train = ["train", "--config", "run.json", "--data", "s.h5", "-o", "run"]
    #expect(try Command.run(train, in: folder).status == 0)
    let trained = ["--config", "run.json", "--data", "s.h5"]
    for (method, more) in [
      ("uniform", []), ("lawa", []), ("ema", []), ("greedy", trained),
      ("sewa", trained + ["--iterations", "2", "--samples", "1", "--keep", "2"]),
    ] {
      let average = ["weights", "average", "run", "-o", "\(method).h5", "--method", method]
      let result = try Command.run(average + more, in: folder)
      #expect(result.status == 0, "\(method): \(result.errors)")
      let inspected = try Command.run(["weights", "inspect", "\(method).h5"], in: folder)
      #expect(inspected.status == 0, "\(inspected.errors)")
      #expect(inspected.output.contains("\(method) average of "), "\(inspected.output)")
      #expect(inspected.output.contains("training run, preset tiny"), "\(inspected.output)")
    }
    for name in ["greedy", "sewa"] {
      let result = try Command.run(
        ["weights", "average", "run", "-o", "x.h5", "--method", name], in: folder)
      #expect(result.status == 64 && result.errors.contains("--data"), "\(result.errors)")
      let small = try Command.run(
        ["weights", "average", "run", "-o", "x.h5", "--method", name, "--max-memory", "1MiB"]
          + trained, in: folder)
      #expect(small.status == 75 && small.errors.contains("raise --max-memory"), "\(small.errors)")
      #expect(!FileManager.default.fileExists(atPath: folder.file("x.h5")))
    }
    let one = try Command.run(
      ["weights", "average", "run/weights.h5", "-o", "one.npz"], in: folder)
    let same = try Command.run(
      ["weights", "convert", "run/weights.h5", "-o", "same.npz"], in: folder)
    #expect(one.status == 0 && same.status == 0, "\(one.errors)\(same.errors)")
    #expect(
      try Data(contentsOf: folder.url("one.npz")) == Data(contentsOf: folder.url("same.npz")))
  }

  @Test("the folder of a run stands for its best weights in every command that takes weights")
  func weightsOfRun() throws {
    let folder = try Self.store()
    let train = ["train", "--config", "tiny", "--data", "s.h5", "--threads", "1", "--steps", "2"]
    #expect(try Command.run(train + ["-o", "run"], in: folder).status == 0)
    let inspected = try Command.run(["weights", "inspect", "run"], in: folder)
    #expect(inspected.status == 0 && inspected.output.hasPrefix("run/best.h5\n"))
    let lengths = ["--min-length", "20", "--max-length", "30", "--only-model"]
    let validated = try ["run", "run/best.h5"].map {
      try Command.run(["validate", $0, "--data", "s.h5"] + lengths, in: folder)
    }
    #expect(validated[0].status == 0 && validated[0].output == validated[1].output)
    let begun = try Command.run(train + ["-o", "next", "--weights", "run"], in: folder)
    #expect(begun.status == 0, "\(begun.errors)")
    let next = try Command.run(["weights", "inspect", "next"], in: folder)
    #expect(next.output.contains("begun with best.h5 (crc64 "), "\(next.output)")
    let resume = ["--weights", "run", "--resume"]
    let resumed = try Command.run(train + ["-o", "next"] + resume, in: folder)
    #expect(resumed.status == 0, "\(resumed.errors)")

    try Data(">a\nMKTAYIAKQR\n".utf8).write(to: folder.url("a.fasta"))
    let predicted = try Command.run(
      ["predict", "a.fasta", "--weights", "run", "-o", "out"], in: folder)
    #expect(predicted.status == 0, "\(predicted.errors)")
    #expect(predicted.errors.contains("run is a training run and stands for run/best.h5\n"))
    let results = try FileManager.default.contentsOfDirectory(atPath: folder.file("out/a"))
    #expect(results.filter { $0.hasPrefix("provenance_") } == ["provenance_tiny.json"])
  }

  @Test(
    "two runs of the same bits do not differ; a loss and weights that do are told, a length refused"
  )
  func comparison() throws {
    let folder = try Self.store()
    for (name, run) in [
      ("a", "\"steps\": 2"), ("other", "\"steps\": 2, \"seed\": 9"), ("longer", "\"steps\": 3"),
    ] {
      try folder.write(
        "{\"preset\": \"tiny\", \"run\": {\(run)}, \"validation\": {\"interval\": 0}}", to: "c.json"
      )
      let result = try Command.run(
        ["train", "--config", "c.json", "--data", "s.h5", "-o", name, "--threads", "1"], in: folder)
      #expect(result.status == 0, "\(result.errors)")
    }
    try FileManager.default.copyItem(at: folder.url("a"), to: folder.url("b"))
    func compare(_ other: String) throws -> Command.Result {
      try Command.run(["dev", "compare-runs", "a", other], in: folder)
    }
    #expect(try compare("b").output == "weights\tlosses\n0.0\t0.0\n")
    // Twice the loss of the first step.
    let log = try folder.read("b/log.jsonl")
    let loss = try #require(log.firstMatch(of: /"loss":([0-9.e+-]+)/).flatMap { Double($0.1) })
    let changed = log.replacing(
      /"loss":[0-9.e+-]+/, with: "\"loss\":\(2 * loss)", maxReplacements: 1)
    try folder.write(changed, to: "b/log.jsonl")
    #expect(try compare("b").output == "weights\tlosses\n0.0\t1.0\n")
    let others = try compare("other").output.split(whereSeparator: \.isWhitespace).suffix(2)
    #expect(others.count == 2 && others.allSatisfy { (Double($0) ?? 0) > 0 })
    let longer = try compare("longer")
    #expect(longer.status == 65)
    #expect(
      longer.errors == "helixfold: a has 2 steps, longer has 3; give runs of the same length\n")
  }

  @Test("check tells the step of a checkpoint, and whether it is whole")
  func checkpoint() throws {
    let folder = try Self.store()
    let train = ["train", "--config", "tiny", "--data", "s.h5", "-o", "run", "--threads", "1"]
    #expect(try Command.run(train + ["--steps", "2"], in: folder).status == 0)
    let check = ["check", "run/last.checkpoint"]
    let whole = try Command.run(check, in: folder)
    #expect(whole.status == 0, "\(whole.errors)")
    #expect(
      whole.output
        == "run/last.checkpoint: training checkpoint, after step 2 of 2, network 'tiny', whole\n")
    var data = try Data(contentsOf: folder.url("run/last.checkpoint"))
    data[data.count / 2] ^= 1
    try data.write(to: folder.url("run/last.checkpoint"))
    let damaged = try Command.run(check, in: folder)
    #expect(damaged.status == 65)
    #expect(damaged.output.hasPrefix("run/last.checkpoint: training checkpoint, damaged\n"))
    #expect(damaged.output.contains("previous.checkpoint"), "\(damaged.output)")
  }

  @Test("validate prints means over clusters of the table that it writes; helices are helices")
  func validation() throws {
    let folder = try Self.store()
    _ = try Command.run(["weights", "init", "w.h5", "--preset", "tiny"], in: folder)
    let validate = [
      "validate", "w.h5", "--data", "s.h5", "--split", "training", "--min-length", "20",
      "--max-length", "30", "-o", "t.tsv",
    ]
    let result = try Command.run(validate, in: folder)
    #expect(result.status == 0, "\(result.errors)")
    let small = try Command.run(
      validate.dropLast() + ["u.tsv", "--max-memory", "1MiB"], in: folder)
    #expect(small.status == 75 && small.errors.contains("scoring needs"), "\(small.errors)")
    #expect(!FileManager.default.fileExists(atPath: folder.file("u.tsv")))
    let rows = try String(contentsOf: folder.url("t.tsv"), encoding: .utf8)
      .split(separator: "\n").map { $0.split(separator: "\t").map(String.init) }
    let columns = [
      "chain", "cluster", "residues", "rows", "lddt_model", "lddt_no_msa", "lddt_untrained",
      "lddt_helix", "plddt",
    ]
    #expect(rows[0] == columns)
    #expect(rows.count > 4)
    for row in rows.dropFirst() {
      #expect((20...30).contains(Int(row[2]) ?? 0))
      // The chains of this store are ideal helices: one of their length fits to the rounding of a PDB file.
      #expect(row[7] == "1.0000", "\(row)")
      // One row is the sequence alone.
      if row[3] == "1" { #expect(row[4] == row[5], "\(row)") }
    }
    for (name, column) in [("model", 4), ("no_msa", 5), ("untrained", 6), ("helix", 7)] {
      let clusters = Dictionary(grouping: rows.dropFirst()) { $0[1] }.values.map { chains in
        chains.map { Double($0[column]) ?? .nan }.reduce(0, +) / Double(chains.count)
      }
      let mean = clusters.reduce(0, +) / Double(clusters.count)
      let line = result.output.split(separator: "\n").first { $0.hasPrefix(name + " ") }
      let printed = line.flatMap { Double($0.split(separator: " ")[1]) } ?? .nan
      #expect(abs(printed - mean) < 2e-4, "\(name): \(printed), the table says \(mean)")
    }
  }

  @Test("validate counts the chains that lengths leave out, and one cluster has no interval")
  func lengths() throws {
    let folder = try ScratchFolder()
    try SyntheticStore.write(to: folder.file("s.h5"), count: 2)
    _ = try Command.run(["weights", "init", "w.h5", "--preset", "tiny"], in: folder)
    let listed = try Command.run(["store", "list", "s.h5"], in: folder).output
      .split(separator: "\n").dropFirst().map { $0.split(separator: "\t") }
    // CRC-32 of the cluster's name, chain0, is 9 modulo 10.
    let split = "training"
    let residues = try listed.map { try #require(Int($0[1])) }
    #expect(residues.count == 2 && residues[0] != residues[1])
    let validate = ["validate", "w.h5", "--data", "s.h5", "--split", split, "--only-model"]
    let all = try Command.run(validate + ["--min-length", "1"], in: folder)
    #expect(all.output.hasPrefix("\(split): 2 chains in 1 cluster, lDDT-Cα\n"), "\(all.output)")
    let model = try #require(all.output.split(separator: "\n").dropFirst().first)
    #expect(model.hasPrefix("model ") && model.hasSuffix("  no interval, 1 cluster"), "\(model)")
    let longest = residues[0].description
    let one = try Command.run(
      validate + ["--min-length", longest, "--max-length", longest], in: folder)
    #expect(
      one.output.hasPrefix(
        "\(split): 1 chain in 1 cluster; 1 chain outside \(longest) to \(longest) residues left out, lDDT-Cα\n"
      ), "\(one.output)\(one.errors)")
  }

  @Test("evaluate with weights scores what predict writes")
  func evaluationOfWeights() throws {
    let folder = try ScratchFolder()
    try FileManager.default.createDirectory(
      at: folder.url("natives"), withIntermediateDirectories: true)
    try Data(ScoreAndEvaluateTests.chain(20).utf8).write(to: folder.url("natives/a.pdb"))
    try Data((">a\n" + String(repeating: "G", count: 20) + "\n").utf8)
      .write(to: folder.url("in.fasta"))
    _ = try Command.run(["weights", "init", "w.h5", "--preset", "tiny"], in: folder)
    let evaluated = try Command.run(
      ["evaluate", "natives", "--weights", "w.h5", "--fasta", "in.fasta", "-o", "out"], in: folder)
    #expect(evaluated.status == 0, "\(evaluated.errors)")
    let predicted = try Command.run(
      ["predict", "in.fasta", "--weights", "w.h5", "-o", "p"], in: folder)
    #expect(predicted.status == 0, "\(predicted.errors)")
    let scored = try Command.run(
      ["evaluate", "natives", "--predictions", "tiny=p", "-o", "again"], in: folder)
    #expect(scored.status == 0, "\(scored.errors)")
    // The same scores of the same structure, under the same name of the predictor.
    let (one, two) = (try Self.scores(folder, "out"), try Self.scores(folder, "again"))
    #expect(one == two && one.count > 1)
  }

  /// A folder with `s.h5`, a store of helices.
  private static func store() throws -> ScratchFolder {
    let folder = try ScratchFolder()
    try SyntheticStore.write(to: folder.file("s.h5"))
    return folder
  }

  /// Steps in a log; none while it is not there.
  private static func steps(_ log: URL) -> Int {
    let text = (try? String(contentsOf: log, encoding: .utf8)) ?? ""
    return text.split(separator: "\n").count { $0.contains("\"event\":\"step\"") }
  }

  private static func scores(_ folder: ScratchFolder, _ name: String) throws -> [Substring] {
    try String(contentsOf: folder.url("\(name)/scores.csv"), encoding: .utf8)
      .split(separator: "\n")
  }
}
