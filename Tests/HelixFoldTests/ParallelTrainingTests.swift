import BasicTestSupport
import Distribution
import FeaturePipeline
import FoldingCore
import Foundation
import Synchronization
import TensorCore
import Testing
import Training
import TrainingData
import TrainingRun
import TrainingTestSupport

@testable import HelixFold

/// Training by several processes, played by threads: what is equal to one process, and how closely.
@Suite("Parallel training")
struct ParallelTrainingTests {
  private let scratch: ScratchFolder
  private let store: String

  init() throws {
    scratch = try ScratchFolder()
    store = scratch.file("store.h5")
    try SyntheticStore.write(to: store)
  }

  private func config(_ precision: DType, steps: Int = 3) -> TrainingConfig {
    var config = TrainingConfig.tiny
    config.network.blockOrder = .parallel
    config.run.precision = precision
    config.run.steps = steps
    config.run.batch = 4
    config.run.recompute = true
    config.run.checkpointInterval = 2
    config.validation.interval = 2
    config.validation.targets = 3
    config.data.prefetch = 0
    config.optimizer.schedule.warmUpSteps = 1
    return config
  }

  /// Trains and returns the averaged weights of each process, by rank.
  private func weights(
    _ config: TrainingConfig, _ folder: String,
    grid: ProcessGrid = ProcessGrid(), resumes: Bool = false
  ) throws -> [[Float]] {
    let results = Mutex<[Int: [Float]]>([:])
    let (store, path) = (store, scratch.file(folder))
    try ThreadMember.run(grid.count) { world in
      let member = try GridMember(grid, in: world)
      let engine = try NetworkEngine(
        config, threads: 1, branches: member.branches.map { .apart(RemoteBranch($0)) },
        axial: member.axes.map { AxialMembers($0) })
      let source = try SampleSource(
        store: FeatureStore(path: store), network: config.network, config: config.data,
        seed: config.run.seed)
      let trainer = try Trainer(
        config, folder: RunFolder(path: path), source: source, engine: engine, resumes: resumes,
        program: "test", member: member)
      try trainer.run()
      results.withLock { $0[world.rank] = trainer.weights.current }
    }
    return results.withLock { results in results.keys.sorted().compactMap { results[$0] } }
  }

  private func log(_ folder: String) throws -> [TrainingRecord] {
    try TrainingLog.read(scratch.file(folder + "/log.jsonl")).map {
      var record = $0
      record.seconds = 0
      return record
    }
  }

  @Test(
    "processes with other samples or other branches change no bit",
    arguments: [(2, 1), (4, 1), (1, 2), (2, 2)])
  func bits(_ data: Int, _ branches: Int) throws {
    let config = config(.bfloat16)
    let one = try weights(config, "one")
    let many = try weights(
      config, "many", grid: ProcessGrid(data: data, axes: 1, branches: branches))
    for weights in many { #expect(weights == one[0]) }
    #expect(
      try Data(contentsOf: URL(fileURLWithPath: scratch.file("one/last.checkpoint")))
        == Data(contentsOf: URL(fileURLWithPath: scratch.file("many/last.checkpoint"))))
    #expect(try log("one") == log("many"))
  }

  @Test("parameters that are not finite give outcomes without a loss, not an end of the run")
  func notFinite() throws {
    let config = config(.bfloat16)
    let engine = try NetworkEngine(config, threads: 1, lanes: 1, branches: .inTurn(nil))
    let source = try SampleSource(
      store: FeatureStore(path: store), network: config.network, config: config.data, seed: 0)
    let sample = try source.sample(step: 0, sample: 0)
    try engine.load([Float](repeating: .nan, count: config.layout.count))
    let outcomes = try engine.evaluate([sample])
    #expect(outcomes.map(\.loss.total.isNaN) == [true] && outcomes[0].alphaCarbons.isEmpty)
    var seen = 0
    try engine.differentiate([sample]) { _, outcome, gradient in
      #expect(outcome.loss.total.isNaN && gradient.count == config.layout.count)
      seen += 1
    }
    #expect(seen == 1)
  }

  @Test("an engine asked to stop within a step leaves it; resumed, the run ends with the same bits")
  func stopWithinStep() throws {
    let config = config(.bfloat16)
    let whole = try weights(config, "whole")[0]
    let engine = try NetworkEngine(config, threads: 2, lanes: 2, branches: .inTurn(nil))
    #expect(engine.window > 4)
    let asked = Mutex(0)
    // Six samples: the last ones of the second step are not begun.
    engine.shouldStop = {
      asked.withLock {
        $0 += 1
        return $0 > 6
      }
    }
    let source = try SampleSource(
      store: FeatureStore(path: store), network: config.network, config: config.data,
      seed: config.run.seed)
    let folder = RunFolder(path: scratch.file("parts"))
    #expect(throws: TrainingRunError.interrupted(step: 1, folder: folder.path)) {
      try Trainer(
        config, folder: folder, source: source, engine: engine, resumes: false, program: "test"
      ).run()
    }
    #expect(try weights(config, "parts", resumes: true)[0] == whole)
  }

  @Test("an engine of one lane takes one sample at a time, between which one may ask to stop")
  func oneLane() throws {
    let engine = try NetworkEngine(config(.bfloat16), threads: 2, lanes: 1, branches: .inTurn(nil))
    #expect(engine.window == 1)
  }

  @Test("branches on workers of their own, or in turn, change no bit", arguments: [1, 2, 3])
  func schedules(threads: Int) throws {
    let config = config(.bfloat16)
    func run(_ folder: String, _ branches: BranchSchedule) throws -> [Float] {
      let engine = try NetworkEngine(config, threads: threads, lanes: 1, branches: branches)
      let source = try SampleSource(
        store: FeatureStore(path: store), network: config.network, config: config.data, seed: 0)
      let trainer = try Trainer(
        config, folder: RunFolder(path: scratch.file(folder)), source: source, engine: engine,
        resumes: false, program: "test")
      try trainer.run()
      return trainer.weights.current
    }
    #expect(try run("side", .sideBySide) == run("turn", .inTurn(BranchClock())))
  }

  @Test(
    "processes that share operations follow one process, and agree with each other bit by bit",
    arguments: [(1, 2, 1), (1, 4, 1), (1, 2, 2), (2, 2, 2)])
  func axes(_ data: Int, _ axes: Int, _ branches: Int) throws {
    let config = config(.float32, steps: 2)
    let one = try weights(config, "one")[0]
    let many = try weights(
      config, "many", grid: ProcessGrid(data: data, axes: axes, branches: branches))
    for weights in many { #expect(weights == many[0]) }
    var (difference, norm) = (0.0, 0.0)
    for (a, b) in zip(one, many[0]) {
      difference += Double((a - b) * (a - b))
      norm += Double(a * a)
    }
    #expect((difference / norm).squareRoot() <= 1e-6)
    let logs = try ["one", "many"].map(log)
    #expect(logs[0].count == logs[1].count && logs[0].count >= 2)
    for (a, b) in zip(logs[0], logs[1]) {
      #expect(abs(a.loss - b.loss) <= 1e-5 * abs(a.loss))
    }
  }

  @Test(
    "processes give each other the gradients of all blocks in a few pieces, each from its owner")
  func gradientParts() {
    let network = FoldingConfig()
    let specs = network.parameterManifest
    let layout = ParameterLayout(specs)
    let parts = GradientParts(network, layout)
    func elements(_ ranges: [Range<Int>]) -> Int { ranges.reduce(0) { $0 + $1.count } }
    func elements(_ belongs: (ParameterSpec) -> Bool) -> Int {
      specs.filter(belongs).reduce(0) { $0 + $1.count }
    }
    // Two stacks, and that of templates; the keys of the pair track follow those of the MSA track.
    #expect([parts.first, parts.second, parts.shared].map(\.count) == [2, 2, 3])
    #expect(elements(parts.shared) == elements { $0.isStacked })
    #expect(elements(parts.second) == elements { $0.part == .pairTrack })
    #expect(elements(parts.first + parts.second) == elements { $0.part != nil })
    for range in parts.second {
      #expect(!parts.first.contains { $0.overlaps(range) })
      #expect(parts.shared.contains { $0.contains(range.lowerBound) })
    }
  }

  @Test("a run goes on with another number of processes, to the same bits")
  func otherGrid() throws {
    let whole = try weights(config(.bfloat16, steps: 5), "whole")[0]
    _ = try weights(config(.bfloat16, steps: 2), "parts", grid: ProcessGrid(data: 2, branches: 2))
    let rest = try weights(
      config(.bfloat16, steps: 5), "parts", grid: ProcessGrid(data: 4), resumes: true)
    #expect(rest[0] == whole)
  }

  @Test("with clipping by sample the log of two processes is that of one")
  func perSampleClipping() throws {
    var config = config(.float32, steps: 2)
    config.optimizer.clip = .perSample
    config.optimizer.clipNorm = 1e-6
    _ = try weights(config, "one")
    _ = try weights(config, "many", grid: ProcessGrid(data: 2))
    let (one, many) = (try log("one"), try log("many"))
    #expect(one == many)
    let steps = one.filter { $0.event == .step }
    #expect(steps.map(\.clippedShare) == [1, 1])
    // Norms after clipping are 10⁻⁶ at most.
    #expect(steps.allSatisfy { ($0.gradientNorm ?? 0) > 1e-4 })
  }

  @Test(
    "processes that begin with other weights, or with another store, stop and say so",
    arguments: ["weights", "store"])
  func otherBeginning(_ part: String) throws {
    let other = scratch.file("other.h5")
    try SyntheticStore.write(to: other, count: 36)
    let (store, path, first) = (store, scratch.file("run"), config(.float32))
    #expect {
      try ThreadMember.run(2) { world in
        let isOther = world.rank == 1
        var config = first
        if isOther, part == "weights" { config.run.seed = 1 }
        let source = try SampleSource(
          store: FeatureStore(path: isOther && part == "store" ? other : store),
          network: config.network, config: config.data, seed: 0)
        let member = try GridMember(ProcessGrid(data: 2), in: world)
        let trainer = try Trainer(
          config, folder: RunFolder(path: path), source: source, engine: StandInEngine(),
          resumes: false, program: "test", member: member)
        try trainer.run()
      }
    } throws: { error in
      guard case CommunicationError.differs(1, let found, let expected) = error else {
        return false
      }
      return found.contains(part) && expected.contains(part)
    }
    #expect(!FileManager.default.fileExists(atPath: path))
  }

  @Test("a batch that processes cannot share evenly is refused")
  func unevenBatch() throws {
    var config = config(.bfloat16)
    config.run.batch = 3
    let error = CommunicationError.grid(
      "--dp 2: a batch of 3 samples ('run.batch') cannot be shared evenly")
    #expect(throws: error) {
      try weights(config, "bad", grid: ProcessGrid(data: 2))
    }
  }

  @Test(
    "branches of other orders are refused, each with its own reason",
    arguments: [
      (BlockOrder.serial, "waits for its MSA track"),
      (.outerProductFirst, "branch parallelism is not implemented for this order"),
    ])
  func otherOrder(_ order: BlockOrder, _ reason: String) {
    var config = config(.bfloat16)
    config.network.blockOrder = order
    var session = TrainingSession(
      config: config, store: store, folder: scratch.file("no"), resumes: false, threads: 1)
    session.grid = ProcessGrid(branches: 2)
    let line = message {
      try session.run(ProgressReporter(style: .quiet, isSilent: true))
    }
    #expect(line.contains(reason) && line.contains("'\(order.rawValue)'"), "\(line)")
  }
}
