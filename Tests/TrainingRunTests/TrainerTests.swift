import BasicTestSupport
import Distribution
import FeaturePipeline
import Foundation
import NumericArrays
import TensorCore
import Testing
import Training
import TrainingData
import TrainingTestSupport
import Weights

@testable import TrainingRun

/// Runs of the stand-in engine: what is true of any run.
@Suite("Trainer")
struct TrainerTests {
  private let bench: TrainerBench
  private var scratch: ScratchFolder { bench.scratch }
  private var store: String { bench.store }

  init() throws { bench = try TrainerBench() }

  private func trainer(
    _ config: TrainingConfig, _ folder: String, resumes: Bool = false,
    engine: StandInEngine = StandInEngine()
  ) throws -> Trainer {
    try bench.trainer(config, folder, resumes: resumes, engine: engine)
  }

  private func bytes(_ folder: String) throws -> Data {
    try Data(contentsOf: URL(fileURLWithPath: scratch.file(folder + "/last.checkpoint")))
  }

  @Test("a run stopped at any moment, in a validation too, and resumed ends with the same bits")
  func resume() throws {
    let config = TrainingConfig.standIn(steps: 14)
    func run(_ folder: String) throws -> Trainer {
      try trainer(config, folder, engine: StandInEngine(window: 1))
    }
    var moments = 0
    try run("whole").run(shouldStop: {
      moments += 1
      return false
    })
    // 14 steps of two samples, and validations of two chains after steps 5, 10 and 14.
    #expect(moments == 14 * 2 + 3 * 2)
    // Within steps, before and within a validation, and before the last chain of all.
    for groups in [1, 4, 10, 11, 17, 23, moments - 1] {
      var asked = 0
      let folder = "parts\(groups)"
      #expect(throws: TrainingRunError.self) {
        try run(folder).run(shouldStop: {
          asked += 1
          return asked > groups
        })
      }
      try trainer(config, folder, resumes: true).run()
      try expectSame("whole", folder)
    }
  }

  /// Expects the same checkpoint, best weights, snapshots and log in two folders.
  private func expectSame(_ whole: String, _ parts: String) throws {
    #expect(try bytes(whole) == bytes(parts))
    let folders = [whole, parts].map { RunFolder(path: scratch.file($0)) }
    let best = folders.map { FileManager.default.contents(atPath: $0.best) }
    #expect(best[0] != nil && best[0] == best[1])
    let names = folders.map { $0.snapshots.map { URL(fileURLWithPath: $0).lastPathComponent } }
    #expect(names[0].count == 3 && names[0] == names[1])
    let logs = try folders.map {
      try TrainingLog.read($0.log).map {
        var record = $0
        record.seconds = 0
        return record
      }
    }
    #expect(logs[0] == logs[1])
  }

  @Test("a run stopped in the validation after its last step is not finished")
  func stoppedAtTheEnd() throws {
    let config = TrainingConfig.standIn(steps: 2)
    var asked = 0
    #expect(throws: TrainingRunError.interrupted(step: 2, folder: scratch.file("run"))) {
      try trainer(config, "run").run(shouldStop: {
        asked += 1
        return asked > 2  // one group of samples a step
      })
    }
    let again = try trainer(config, "run", resumes: true)
    #expect(again.step == 2 && !again.isFinished)
    var validations = 0
    try again.run(observe: { event in
      if case .validation = event { validations += 1 }
    })
    #expect(again.isFinished && validations == 1)
  }

  @Test("steps and validations of several groups tell how far they are")
  func parts() throws {
    var config = TrainingConfig.standIn(steps: 2)
    config.run.batch = 4
    config.validation.interval = 2
    var parts: [Trainer.StepPart] = []
    var shares: [Double] = []
    let trainer = try bench.trainer(config, engine: StandInEngine(window: 1))
    try trainer.run(observe: { event in
      switch event {
      case .part(let part, let share, _):
        parts.append(part)
        shares.append(share)
      case .step(_, let share, _): shares.append(share)
      default: break
      }
    })
    let samples = (0..<2).flatMap { step in
      (1...3).map { Trainer.StepPart(step: step, done: $0, count: 4) }
    }
    #expect(parts == samples + [.init(step: 1, isValidation: true, done: 1, count: 2)])
    #expect(shares == [0.125, 0.25, 0.375, 0.5, 0.625, 0.75, 0.875, 1, 1])
  }

  @Test("a validation that is repeated after a kill has one line in the log")
  func repeatedValidation() throws {
    let path = scratch.file("log.jsonl")
    let log = try TrainingLog(path: path, keepingStepsBefore: 0)
    for (event, step) in [
      (TrainingRecord.Event.step, 3), (.validation, 3), (.step, 4), (.validation, 4), (.step, 5),
    ] {
      try log.write(TrainingRecord(event, step: step, loss: 1, lddt: nil, seconds: 0))
    }
    func lines(dropping: Bool) throws -> [Int] {
      _ = try TrainingLog(path: path, keepingStepsBefore: 5, dropsLastValidation: dropping)
      return try TrainingLog.read(path).map(\.step)
    }
    #expect(try lines(dropping: false) == [3, 3, 4, 4])
    #expect(try lines(dropping: true) == [3, 3, 4])
  }

  @Test("weights of a run that has not made a step say that they are random")
  func randomAtFirst() throws {
    let config = TrainingConfig.standIn(steps: 2)
    #expect(throws: TrainingRunError.self) { try trainer(config, "run").run(shouldStop: { true }) }
    let folder = RunFolder(path: scratch.file("run"))
    #expect(try ParameterFile(path: folder.weights, expecting: config.network).isRandom)
    for resumes in [false, true] {
      var random = config
      random.run.weights = folder.weights
      #expect(throws: TrainingRunError.self) {
        try trainer(random, "again", resumes: resumes).run(shouldStop: { true })
      }
      let again = RunFolder(path: scratch.file("again")).weights
      #expect(try ParameterFile(path: again, expecting: config.network).isRandom)
    }
    try trainer(config, "run", resumes: true).run()
    #expect(try !ParameterFile(path: folder.weights, expecting: config.network).isRandom)
    var other = config
    other.run.weights = folder.weights
    #expect(throws: TrainingRunError.self) { try trainer(other, "fine").run(shouldStop: { true }) }
    let fine = RunFolder(path: scratch.file("fine")).weights
    #expect(try !ParameterFile(path: fine, expecting: config.network).isRandom)
  }

  @Test("weights say what their run began with, and under which terms, also after resuming")
  func beginning() throws {
    var config = TrainingConfig.standIn(steps: 1)
    try trainer(config, "first").run()
    config.run.weights = RunFolder(path: scratch.file("first")).weights
    let first = try ParameterFile(path: config.run.weights ?? "").provenance
    try trainer(config, "second").run()
    config.run.steps = 2
    try trainer(config, "second", resumes: true).run()
    let found = try #require(
      try ParameterFile(path: RunFolder(path: scratch.file("second")).weights).provenance)
    #expect(found.source.contains("begun with weights.h5 (crc64 \(first?.checksum ?? "-"))"))
    #expect(found.licence.contains("of the weights that it began with: of whoever trained it"))
    #expect(first?.source.contains("begun") == false)
  }

  @Test(
    "processes whose engines take different numbers of samples at once ask as often, and change no bit"
  )
  func windows() throws {
    var config = TrainingConfig.standIn(steps: 5)
    config.run.batch = 8
    try trainer(config, "one").run()
    let (store, folder) = (store, scratch.file("two"))
    try ThreadMember.run(2) { [config] world in
      let source = try SampleSource(
        store: FeatureStore(path: store), network: config.network, config: config.data,
        seed: config.run.seed)
      try Trainer(
        config, folder: RunFolder(path: folder), source: source,
        engine: StandInEngine(window: world.rank == 0 ? 1 : 3), resumes: false, program: "test",
        member: try GridMember(ProcessGrid(data: 2), in: world)
      ).run()
    }
    #expect(try bytes("one") == bytes("two"))
  }

  @Test("prefetching ahead or not at all gives the same bits")
  func prefetch() throws {
    var config = TrainingConfig.standIn(steps: 6)
    try trainer(config, "ahead").run()
    config.data.prefetch = 0
    let slow = try trainer(config, "slow")
    try slow.run()
    let ahead = try CheckpointFile.read(scratch.file("ahead/last.checkpoint"))
    #expect(ahead.buffers["parameters"] == .float32(slow.weights.current))
  }

  @Test("a step whose gradient is not finite is left out, counted and logged")
  func notFinite() throws {
    let engine = StandInEngine()
    var calls = 0
    engine.factor = { _ in
      calls += 1
      return calls == 5 ? .nan : 1
    }
    var config = TrainingConfig.standIn(steps: 5)
    config.data.prefetch = 0
    let trainer = try trainer(config, "run", engine: engine)
    try trainer.run()
    let steps = try TrainingLog.read(scratch.file("run/log.jsonl")).filter { $0.event == .step }
    #expect(steps.map(\.decision) == [.take, .take, .notFinite, .take, .take])
    #expect(steps.last?.skipped == 1)
    #expect(trainer.weights.current.allSatisfy { $0.isFinite })
  }

  @Test("a run that never has a finite gradient ends with a message and its first checkpoint")
  func diverged() throws {
    let engine = StandInEngine()
    engine.factor = { _ in .infinity }
    #expect(throws: TrainingRunError.diverged(step: 49, skipped: 50, last: .notFinite)) {
      try trainer(TrainingConfig.standIn(steps: 100), "run", engine: engine).run()
    }
    _ = try CheckpointFile.read(scratch.file("run/last.checkpoint"))
  }

  @Test("a run whose losses are all spikes ends with a message that says so")
  func spikes() throws {
    let engine = StandInEngine()
    var calls = 0
    engine.factor = { _ in
      calls += 1
      return calls > 8 ? 1e6 : 1
    }
    var config = TrainingConfig.standIn(steps: 100)
    config.optimizer.guarding.window = 4
    config.optimizer.guarding.maxConsecutiveSpikes = 100
    let error = #expect(throws: TrainingRunError.self) {
      try trainer(config, "run", engine: engine).run()
    }
    let found = try #require(error)
    #expect(found == .diverged(step: 53, skipped: 50, last: .spike))
    #expect("\(found)".contains("spikeFactor") && !"\(found)".contains("finite"))
  }

  @Test(
    "with clipping by sample the log has the mean norm of samples before it and the share of them")
  func perSampleClipping() throws {
    let engine = StandInEngine()
    var calls = 0
    engine.factor = { _ in
      calls += 1
      return calls % 2 == 0 ? 1e6 : 1e-6
    }
    var config = TrainingConfig.standIn(steps: 2)
    config.optimizer.clip = .perSample
    config.optimizer.clipNorm = 1
    config.run.batch = 4
    config.data.prefetch = 0
    try trainer(config, "run", engine: engine).run()
    let steps = try TrainingLog.read(scratch.file("run/log.jsonl")).filter { $0.event == .step }
    #expect(steps.map(\.clippedShare) == [0.5, 0.5])
    // Norms after clipping are 1 at most.
    #expect(steps.allSatisfy { ($0.gradientNorm ?? 0) > 10 })
  }

  @Test("what is logged of a sample arrives whole from another process, every loss term included")
  func summary() throws {
    let config = TrainingConfig.standIn(steps: 1)
    let source = try SampleSource(
      store: FeatureStore(path: store), network: config.network, config: config.data, seed: 0)
    let sample = try source.sample(step: 0, sample: 0)
    // Every stored term, whatever its name, has a value of its own.
    var terms = try numbers(of: LossReport())
    for (index, name) in terms.keys.sorted().enumerated() { terms[name] = Double(index + 1) / 4 }
    let report = try JSONDecoder().decode(LossReport.self, from: JSONEncoder().encode(terms))
    let sent = SampleSummary(
      sample, SampleOutcome(loss: report, alphaCarbons: []),
      SampleNorm(value: 7, isClipped: true)
    ).numbers
    #expect(LossReport.terms.count == terms.count)
    #expect(sent.count == SampleSummary.width)
    let found = SampleSummary(numbers: sent[...])
    #expect(try numbers(of: found.loss) == terms)
    #expect(found.gradient == SampleNorm(value: 7, isClipped: true))
    #expect(found.isFinite && found.lddt == 0)
    #expect(found.residues == sample.residueCount && found.recycles == sample.recycles)
  }

  /// The stored terms of a report by name.
  private func numbers(of report: LossReport) throws -> [String: Double] {
    try JSONDecoder().decode([String: Double].self, from: JSONEncoder().encode(report))
  }

  @Test("weights to start from that are not finite are refused with the tensor's name")
  func startNotFinite() throws {
    var config = TrainingConfig.standIn(steps: 1)
    var values = [Float](repeating: 0, count: config.layout.count)
    let tensor = config.layout.segments[3]
    values[tensor.offset] = .nan
    let path = scratch.file("nan.h5")
    try RunFolder.write(values, config: config, note: "test", to: path)
    config.run.weights = path
    #expect(throws: WeightsError.notFinite(file: path, key: tensor.name)) {
      try trainer(config, "run")
    }
  }

  @Test("the run's folder is not overwritten, and nothing is resumed where nothing is")
  func folders() throws {
    let config = TrainingConfig.standIn(steps: 1)
    #expect(throws: TrainingRunError.nothingToResume(folder: scratch.file("run"))) {
      try trainer(config, "run", resumes: true)
    }
    try trainer(config, "run").run()
    #expect(throws: TrainingRunError.exists(folder: scratch.file("run"))) {
      try trainer(config, "run")
    }
  }

  @Test(
    "a folder with files of a run but no checkpoint is refused to another, status 73",
    arguments: ["snapshots/step_000000004.h5", "best.h5", "log.jsonl"])
  func remainder(_ file: String) throws {
    let config = TrainingConfig.standIn(steps: 5)
    try trainer(config, "run").run()
    let folder = scratch.file("run")
    for name in ["last.checkpoint", "previous.checkpoint", "snapshots", "best.h5", "log.jsonl"]
    where !file.hasPrefix(name) {
      try FileManager.default.removeItem(atPath: "\(folder)/\(name)")
    }
    let expected = TrainingRunError.remainder(folder: folder, file: file)
    #expect(throws: expected) { try trainer(config, "run") }
    #expect(expected.exitStatus == .cannotCreate && "\(expected)".contains("--output"))
    try FileManager.default.removeItem(atPath: "\(folder)/\(file)")
    try trainer(config, "run").run()
  }

  @Test("a run that has done all its steps, or more than are asked for, is left as it is")
  func finished() throws {
    let folder = scratch.file("run")
    func files() throws -> [String: Data] {
      let names = try FileManager.default.contentsOfDirectory(atPath: folder)
      let contents = names.map {
        FileManager.default.contents(atPath: "\(folder)/\($0)") ?? Data()
      }
      return Dictionary(uniqueKeysWithValues: zip(names, contents))
    }
    try trainer(.standIn(steps: 6), "run").run()
    let before = try files()
    try trainer(.standIn(steps: 6), "run", resumes: true).run()
    let expected = TrainingRunError.finished(folder: folder, steps: 6, asked: 4)
    #expect(throws: expected) { try trainer(.standIn(steps: 4), "run", resumes: true) }
    let after = try files()
    #expect(after == before)
  }

  @Test("of validations that score alike the first is the best, and one that is not finite never")
  func bestScore() throws {
    func score(_ lddt: Double, loss: Double = 1) throws -> ValidationScore {
      let text = #"{"lddt": 0.5, "loss": 1, "targets": 2}"#
      var score = try JSONDecoder().decode(ValidationScore.self, from: Data(text.utf8))
      (score.lddt, score.loss) = (lddt, loss)
      return score
    }
    let best = try score(0.5)
    #expect(best.isBetter(than: nil))
    #expect(try score(0.51).isBetter(than: best))
    #expect(try !score(0.5, loss: 0.5).isBetter(than: best))
    #expect(try !score(0.49).isBetter(than: best))
    #expect(try !score(.nan).isBetter(than: nil))
    #expect(try !score(0.9, loss: .infinity).isBetter(than: nil))
  }

  @Test("a checkpoint of another network or other settings is refused in one line")
  func otherRun() throws {
    let config = TrainingConfig.standIn(steps: 1)
    try trainer(config, "run").run()
    var changes = [TrainingConfig](repeating: config, count: 9)
    changes[0].network.channels.pair = 32
    changes[1].optimizer.clip = .none
    changes[2].run.batch = 3
    changes[3].run.savedActivations = .int8
    changes[4].run.dropout.toggle()
    changes[5].run.seed += 1
    changes[6].data.crop += 1
    changes[7].run.newParts = ["distogram"]
    changes[8].run.initialValues = config.run.initialValues == .local ? .published : .local
    let words = [
      "parameters", "'optimizer.clip' adagc, the configuration has none", "'run.batch' 2",
      "'run.savedActivations' null",
      "'run.dropout' \(config.run.dropout), the configuration has \(!config.run.dropout)",
      "'run.seed'", "'data.crop'",
      "'run.newParts' null, the configuration has [distogram]", "'run.initialValues'",
    ]
    for (other, word) in zip(changes, words) {
      do {
        _ = try trainer(other, "run", resumes: true)
        Issue.record("not refused: \(word)")
      } catch let error as TrainingRunError {
        #expect(error.exitStatus == .badInput)
        #expect("\(error)".contains(word) && !"\(error)".contains("\n"))
      }
    }
  }

  @Test("a checkpoint whose count of left-out steps is impossible is refused, not a trap")
  func impossibleCount() throws {
    try trainer(.standIn(steps: 1), "run").run()
    let path = scratch.file("run/last.checkpoint")
    var checkpoint = try CheckpointFile.read(path)
    checkpoint.header.skippedInARow = .max
    try CheckpointFile.write(checkpoint, to: path)
    #expect(throws: OptimizerStateError.self) {
      try trainer(.standIn(steps: 2), "run", resumes: true)
    }
  }

  @Test("a longer run goes on from a finished one")
  func extended() throws {
    try trainer(.standIn(steps: 9), "whole").run()
    try trainer(.standIn(steps: 4), "parts").run()
    try trainer(.standIn(steps: 9), "parts", resumes: true).run()
    let files = try ["whole", "parts"].map {
      try CheckpointFile.read(scratch.file($0 + "/last.checkpoint"))
    }
    #expect(files[0].buffers == files[1].buffers)
  }

  @Test("killed at twenty random moments and resumed each time, a run ends with the same bits")
  func killed() throws {
    let steps = 200
    let program = try #require(BuiltProgram.url("training-stand-in"))
    func start(_ folder: String, most: Int? = nil) throws -> RunningProgram {
      let process = Process()
      process.executableURL = program
      process.arguments =
        [store, scratch.file(folder), "\(steps)"] + (most.map { ["\($0)"] } ?? [])
      process.standardInput = Pipe()  // at its end when this process is, however it ends
      return try RunningProgram(process)
    }
    let begin = ContinuousClock.now
    let whole = try start("whole")
    whole.wait()
    #expect(whole.process.terminationStatus == 0)
    let step = Int((ContinuousClock.now - begin) / .microseconds(steps))
    let key = RandomKey(seed: 17)
    for moment in 0..<20 {
      // Twenty times nine steps are not all of them, however fast they are.
      let running = try start("parts", most: 9)
      let process = running.process
      // Some steps on from where this process began, and up to four later.
      let wanted = 1 + key.integer(2 * moment, below: 4)
      let before = lines("parts")
      while process.isRunning, abs(lines("parts") - before) < wanted { usleep(500) }
      usleep(UInt32(key.integer(2 * moment + 1, below: 4 * step + 1)))
      kill(process.processIdentifier, SIGKILL)
      running.wait()
      #expect(process.terminationReason == .uncaughtSignal, "kill \(moment) came too late")
    }
    let last = try start("parts")
    last.wait()
    #expect(last.process.terminationStatus == 0)
    #expect(try bytes("whole") == bytes("parts"))
  }

  /// Lines of a run's log; a run that goes on first cuts off what its checkpoint does not know.
  private func lines(_ folder: String) -> Int {
    let log = FileManager.default.contents(atPath: scratch.file(folder + "/log.jsonl")) ?? Data()
    return log.filter { $0 == UInt8(ascii: "\n") }.count
  }
}
