import BasicTestSupport
import Distribution
import FeaturePipeline
import Foundation
import Synchronization
import Testing
import Training
import TrainingData
import TrainingTestSupport
import Weights

@testable import TrainingRun

/// What a run goes on from: damaged files, other stores, other programs.
@Suite("Resumption")
struct ResumptionTests {
  private let bench: TrainerBench
  private var scratch: ScratchFolder { bench.scratch }
  private var store: String { bench.store }

  init() throws { bench = try TrainerBench() }

  private func trainer(
    _ config: TrainingConfig, _ folder: String = "run", resumes: Bool = false,
    store other: String? = nil, program: String = "test", kernels: String? = "plain"
  ) throws -> Trainer {
    try bench.trainer(
      config, folder, resumes: resumes, store: other, program: program, kernels: kernels)
  }

  /// Trains and returns what was said.
  private func cautions(_ trainer: Trainer) throws -> [String] {
    var lines: [String] = []
    try trainer.run(observe: { event in
      if case .caution(let line) = event { lines.append(line) }
    })
    return lines
  }

  private func bytes(_ file: String) throws -> Data {
    try Data(contentsOf: URL(fileURLWithPath: scratch.file(file)))
  }

  private func damage(_ file: String) throws {
    var data = try bytes(file)
    data[data.count / 2] ^= 4
    try data.write(to: URL(fileURLWithPath: scratch.file(file)))
  }

  @Test("where the last checkpoint is damaged, the one before leads to the same bits")
  func previous() throws {
    try trainer(.standIn(steps: 9), "whole").run()
    try trainer(.standIn(steps: 7)).run()
    try damage("run/last.checkpoint")
    let resumed = try trainer(.standIn(steps: 9), resumes: true)
    #expect(resumed.step == 6)
    let lines = try cautions(resumed)
    #expect(lines.count == 1 && lines[0].contains("previous.checkpoint, after step 6"), "\(lines)")
    #expect(try bytes("whole/last.checkpoint") == bytes("run/last.checkpoint"))
    let folder = RunFolder(path: scratch.file("run"))
    #expect(try CheckpointFile.read(folder.previousCheckpoint).header.step < 9)

    try damage("run/last.checkpoint")
    try damage("run/previous.checkpoint")
    let error = #expect(throws: TrainingRunError.self) {
      try trainer(.standIn(steps: 12), resumes: true)
    }
    #expect("\(try #require(error))".hasPrefix(folder.checkpoint))
  }

  @Test("a checkpoint whose weights are not finite is refused with status 65")
  func notFinite() throws {
    try trainer(.standIn(steps: 3)).run()
    let path = scratch.file("run/last.checkpoint")
    var checkpoint = try CheckpointFile.read(path)
    guard case .float32(var values) = checkpoint.buffers["parameters"] else {
      Issue.record("no parameters")
      return
    }
    values[5] = .nan
    checkpoint.buffers["parameters"] = .float32(values)
    try CheckpointFile.write(checkpoint, to: path)
    let expected = TrainingRunError.notFinite(file: path, step: 3)
    #expect(throws: expected) { try trainer(.standIn(steps: 5), resumes: true) }
    #expect(expected.exitStatus == .badInput)
  }

  @Test("another store is refused; the same one elsewhere goes on to the same bits")
  func otherStore() throws {
    try trainer(.standIn(steps: 6), "whole").run()
    try trainer(.standIn(steps: 4)).run()
    let other = scratch.file("other.h5")
    try SyntheticStore.write(to: other, count: 36)
    let error = #expect(throws: TrainingRunError.self) {
      try trainer(.standIn(steps: 6), resumes: true, store: other)
    }
    let message = "\(try #require(error))"
    #expect(message.contains(store) && message.contains("not \(other) (36 targets"), "\(message)")
    #expect(!message.contains("\n"))

    // The same chains, of which one is for something else.
    let parted = scratch.file("parted.h5")
    try FeatureStore.write(
      (0..<40).map { number in
        var record = SyntheticStore.record(number) { "chain\($0)" }
        if number == 11 { record.labels?.split = "test" }
        return record
      }, to: parted)
    let marks = try [parted, store].map { StoreMark(try FeatureStore(path: $0)) }
    #expect(marks[0].targets == marks[1].targets && marks[0].checksum != marks[1].checksum)
    let refusal = TrainingRunError.otherStore(
      file: scratch.file("run/last.checkpoint"), found: marks[0], expected: marks[1])
    #expect(throws: refusal) { try trainer(.standIn(steps: 6), resumes: true, store: parted) }
    #expect("\(refusal)".contains("checksum \(marks[1].checksum)), not \(parted) (40 targets"))

    let moved = scratch.file("moved.h5")
    try FileManager.default.copyItem(atPath: store, toPath: moved)
    try trainer(.standIn(steps: 6), resumes: true, store: moved).run()
    let files = try ["whole", "run"].map {
      try CheckpointFile.read(scratch.file($0 + "/last.checkpoint"))
    }
    #expect(files[0].buffers == files[1].buffers)
    #expect(files[0].header.store == files[1].header.store)
    let named = try String(contentsOfFile: scratch.file("run/store.tsv"), encoding: .utf8)
    #expect(named.contains("\(moved)\t40\t"), "\(named)")
  }

  @Test("a checkpoint that names neither store nor kernels is taken as it is")
  func olderCheckpoint() throws {
    try trainer(.standIn(steps: 3)).run()
    let path = scratch.file("run/last.checkpoint")
    var checkpoint = try CheckpointFile.read(path)
    (checkpoint.header.store, checkpoint.header.kernels) = (nil, nil)
    try CheckpointFile.write(checkpoint, to: path)
    #expect(try cautions(trainer(.standIn(steps: 5), resumes: true)).isEmpty)
    #expect(try CheckpointFile.read(path).header.store?.path == store)
  }

  @Test("other instructions and another version are mentioned in one line")
  func otherProgram() throws {
    try trainer(.standIn(steps: 2)).run()
    #expect(try cautions(trainer(.standIn(steps: 3), resumes: true)).isEmpty)
    let lines = try cautions(
      trainer(.standIn(steps: 4), resumes: true, program: "test 2", kernels: "fast"))
    #expect(lines.count == 1)
    #expect(
      lines[0].contains("written by test with --isa plain, this is test 2 with --isa fast"),
      "\(lines)")
  }

  @Test("weights that a run started from are the same under another name of their path")
  func sameWeights() throws {
    try trainer(.standIn(steps: 1), "first").run()
    var config = TrainingConfig.standIn(steps: 2)
    config.run.weights = scratch.file("first/weights.h5")
    try trainer(config).run()
    config.run.steps = 3
    config.run.weights = scratch.file("./run/../first/weights.h5")
    try trainer(config, resumes: true).run()
    config.run.weights = scratch.file("first/best.h5")
    #expect(throws: TrainingRunError.self) { try trainer(config, resumes: true) }
  }

  @Test("a head that the file lacks begins with initial values, all else with the file's")
  func newHead() throws {
    var old = TrainingConfig.standIn(steps: 1)
    old.network.heads.alignedError = nil
    old.run.seed = 3
    try trainer(old, "first").run()
    let file = scratch.file("first/weights.h5")
    var config = TrainingConfig.standIn(steps: 2)
    config.run.weights = file
    #expect(throws: WeightsError.self) { try trainer(config) }
    config.run.newParts = ["predicted_aligned_error_head"]
    let begun = try trainer(config)
    let found = FlatParameters(layout: config.layout, values: begun.weights.current)
    let source = try ParameterFile(path: file, expecting: old.network)
    var fresh = 0
    for key in found.keys {
      let isNew = key.contains("predicted_aligned_error_head")
      let expected = try isNew ? config.initialParameters.floats(for: key) : source.floats(for: key)
      #expect(try found.floats(for: key) == expected, "\(key)")
      fresh += isNew ? 1 : 0
    }
    #expect(fresh == 2)
    try begun.run()
    // Where the run began is no choice any more.
    config.run.steps = 3
    config.run.newParts = nil
    try trainer(config, resumes: true).run()
  }

  @Test("settings of a part that is read must be the file's, those of a new one need not")
  func newSettings() throws {
    try trainer(.standIn(steps: 1), "first").run()
    var config = TrainingConfig.standIn(steps: 2)
    config.run.weights = scratch.file("first/weights.h5")
    config.network.heads.distogramLastBreak += 1
    for (parts, isTaken) in [
      ([], false), (["predicted_lddt_head"], false), (["distogram_head"], true),
    ] {
      config.run.newParts = parts
      if isTaken {
        _ = try trainer(config)
      } else {
        #expect(throws: WeightsError.self) { try trainer(config) }
      }
    }
  }

  @Test("lines that no log has are removed with one line said, and the run goes on")
  func damagedLog() throws {
    try trainer(.standIn(steps: 4)).run()
    let path = scratch.file("run/log.jsonl")
    var lines = try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n")
    lines.insert("{\"event\":", at: 1)
    lines.insert("garbage", at: 3)
    try Data((lines.joined(separator: "\n") + "\n").utf8).write(to: URL(fileURLWithPath: path))
    let said = try cautions(trainer(.standIn(steps: 6), resumes: true))
    #expect(said.count == 1 && said[0].contains("2 lines"), "\(said)")
    let steps = try TrainingLog.read(path).filter { $0.event == .step }.map(\.step)
    #expect(steps == Array(0..<6))
  }

  @Test("snapshots of later steps than that from which a run goes on are removed")
  func laterSnapshots() throws {
    try trainer(.standIn(steps: 4)).run()
    let folder = RunFolder(path: scratch.file("run"))
    let first = try #require(folder.snapshots.first)
    try FileManager.default.copyItem(
      atPath: first, toPath: first.replacing("000000004", with: "000000008"))
    #expect(folder.snapshots.count == 2)
    try trainer(.standIn(steps: 5), resumes: true).run()
    #expect(folder.snapshots == [first])
  }

  @Test("leaving out a chain of training keeps the best score, other chains of validation do not")
  func bestScore() throws {
    var config = TrainingConfig.standIn(steps: 4)
    try trainer(config).run()
    let entries = try FeatureStore(path: store).entries
    func best(excluding split: DataSplit, steps: Int) throws -> ValidationScore? {
      let chain = try #require(entries.first { DataSplit($0) == split }?.id)
      (config.data.exclude, config.run.steps) = ([chain], steps)
      config.validation.interval = 1000
      #expect(throws: TrainingRunError.self) {
        try trainer(config, resumes: true).run(shouldStop: { true })
      }
      return try CheckpointFile.read(scratch.file("run/last.checkpoint")).header.best
    }
    let before = try CheckpointFile.read(scratch.file("run/last.checkpoint")).header.best
    #expect(before != nil)
    #expect(try best(excluding: .training, steps: 5) == before)
    #expect(try best(excluding: .validation, steps: 6) == nil)
  }

  @Test("a store of the same names whose targets hold something else is said, and the run goes on")
  func otherContents() throws {
    let config = TrainingConfig.standIn(steps: 4)
    try trainer(config).run()
    var records = (0..<40).map { SyntheticStore.record($0) { "chain\($0)" } }
    for index in records.indices { records[index].labels?.positions.values[4] += 0.25 }
    let other = scratch.file("other.h5")
    try FeatureStore.write(records, to: other)
    var longer = config
    longer.run.steps = 5
    let lines = try cautions(trainer(longer, resumes: true, store: other))
    let word = "held other structures or alignments"
    #expect(lines.count == 1 && lines[0].contains(word), "\(lines)")
    longer.run.steps = 6
    #expect(try cautions(trainer(longer, resumes: true)).isEmpty)
  }

  @Test("a best score of chains that were cut otherwise does not count")
  func bestOfOtherCrops() throws {
    var config = TrainingConfig.standIn(steps: 4)
    try trainer(config).run()
    #expect(try CheckpointFile.read(scratch.file("run/last.checkpoint")).header.best != nil)
    (config.run.steps, config.validation.interval) = (5, 1000)
    config.validation.crop -= 1
    #expect(throws: TrainingRunError.self) {
      try trainer(config, resumes: true).run(shouldStop: { true })
    }
    #expect(try CheckpointFile.read(scratch.file("run/last.checkpoint")).header.best == nil)
  }

  @Test("a damaged chain ends the run with what was done saved; without it the run goes on")
  func damagedChain() throws {
    let (damaged, chain) = try damagedStore()
    var config = TrainingConfig.standIn(steps: 400)
    config.run.checkpointInterval = 1000
    config.validation.interval = 0
    let error = #expect(throws: TrainingRunError.self) { try trainer(config, store: damaged).run() }
    guard case .sample(let step, _, chain, _) = try #require(error) else {
      Issue.record("another error: \(String(describing: error))")
      return
    }
    let message = "\(try #require(error))"
    #expect(message.contains("step \(step + 1), "), "\(message)")
    #expect(message.contains("[\"\(chain)\"]"), "\(message)")
    #expect(try CheckpointFile.read(scratch.file("run/last.checkpoint")).header.step == step)
    (config.data.exclude, config.run.steps) = ([chain], step + 3)
    try trainer(config, resumes: true, store: damaged).run()
    try trainer(config, "whole", store: damaged).run()
    let files = try ["whole", "run"].map {
      try CheckpointFile.read(scratch.file($0 + "/last.checkpoint"))
    }
    #expect(files[0].buffers == files[1].buffers)
  }

  @Test("a damaged chain that one of two processes meets ends both, with what was done saved")
  func damagedChainOfTwo() throws {
    let (damaged, chain) = try damagedStore()
    var config = TrainingConfig.standIn(steps: 400)
    config.run.checkpointInterval = 1000
    config.validation.interval = 0
    #expect(throws: TrainingRunError.self) { try trainer(config, "one", store: damaged).run() }
    let folder = scratch.file("two")
    let errors = Mutex<[SharedFailure]>([])
    let ended = #expect(throws: SharedFailure.self) {
      try ThreadMember.run(2) { [config] world in
        let source = try SampleSource(
          store: FeatureStore(path: damaged), network: config.network, config: config.data,
          seed: config.run.seed)
        do {
          try Trainer(
            config, folder: RunFolder(path: folder), source: source, engine: StandInEngine(),
            resumes: false, program: "test", kernels: "plain",
            member: try GridMember(ProcessGrid(data: 2), in: world)
          ).run()
        } catch let error as SharedFailure {
          errors.withLock { $0.append(error) }
          throw error
        }
      }
    }
    let failure = try #require(ended)
    #expect(errors.withLock { $0 } == [failure, failure])
    #expect(failure.exitStatus == .badInput && failure.reason.contains("[\"\(chain)\"]"))
    #expect(try bytes("one/last.checkpoint") == bytes("two/last.checkpoint"))
    #expect(try CheckpointFile.read(folder + "/last.checkpoint").header.step > 0)
  }

  /// A store in which one chain for training cannot be read, and the chain.
  private func damagedStore() throws -> (path: String, chain: String) {
    let whole = try bytes("store.h5")
    let path = scratch.file("damaged.h5")
    for place in stride(from: whole.count / 4, to: whole.count - 64, by: 991) {
      var data = whole
      data.replaceSubrange(place..<place + 64, with: repeatElement(0xA5, count: 64))
      try data.write(to: URL(fileURLWithPath: path))
      guard let store = try? FeatureStore(path: path) else { continue }
      let bad = store.entries.filter { (try? store.record(of: $0.id)) == nil }
      if bad.count == 1, DataSplit(bad[0]) == .training { return (path, bad[0].id) }
    }
    throw CocoaError(.fileReadCorruptFile)
  }
}
