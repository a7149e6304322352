import Messages
import Testing
import TrainingRun

@testable import FeaturePipeline
@testable import HelixFold

@Suite("Memory of samples side by side")
struct LaneMemoryTests {
  private func entries(residues: Int) -> [StoreEntry] {
    (0..<3).map { index in
      StoreEntry(
        id: "c\(index)", residues: residues, rows: 600, templates: 0, hasLabels: true,
        resolution: nil, releaseDate: nil, cluster: nil)
    }
  }

  private func plan(_ config: TrainingConfig, share: Int = 8) -> LaneMemory {
    let entries = entries(residues: 300)
    return LaneMemory.training(
      config, share: share, trained: .init(entries), validated: .init(entries))
  }

  private func limit(_ bytes: Int) -> MemoryLimit { MemoryLimit(bytes: bytes, isMachine: false) }

  @Test("as many samples are side by side as fit, at most those wanted")
  func lanes() throws {
    let plan = plan(.initial)
    for lanes in 1...8 {
      #expect(
        try plan.fitting(wanted: 8, isAsked: false, in: limit(plan.bytes(lanes))).lanes == lanes)
    }
    #expect(try plan.fitting(wanted: 2, isAsked: false, in: limit(plan.bytes(8))).lanes == 2)
    #expect(plan.bytes(1) < self.plan(.initial, share: 64).bytes(1))
  }

  @Test("no more samples are side by side than threads, samples, and the number asked for")
  func mostLanes() {
    func most(_ asked: Int?, _ threads: Int, _ samples: Int, isAlone: Bool = true) -> Int {
      NetworkEngine.mostLanes(asked: asked, threads: threads, samples: samples, isAlone: isAlone)
    }
    #expect(most(nil, 8, 64) == 8)
    #expect(most(nil, 8, 3) == 3)
    #expect(most(2, 8, 64) == 2)
    #expect(most(20, 8, 64) == 8)
    #expect(most(0, 8, 64) == 1)
    #expect(most(4, 8, 64, isAlone: false) == 1)
  }

  @Test("an engine has the lanes that were planned for it", arguments: [1, 3, 8])
  func engine(threads: Int) throws {
    let config = TrainingConfig.tiny
    let engine = try NetworkEngine(config, threads: threads, branches: .inTurn(nil))
    #expect(
      engine.laneCount
        == NetworkEngine.mostLanes(threads: threads, samples: config.run.batch))
  }

  @Test("lanes keep freed memory up to twice what a sample needs, as far as the limit goes")
  func keptBytes() throws {
    let plan = plan(.tiny)
    let least = plan.bytes(2)
    for spare in [0, 1 << 20, 1 << 40] {
      let limit = limit(least + spare)
      let (lanes, kept) = try plan.fitting(wanted: 2, isAsked: true, in: limit)
      let planned = plan.bytes(lanes, kept: kept)
      #expect(lanes == 2 && planned <= limit.bytes && planned - least <= spare)
      #expect((planned == least) == (spare == 0))
    }
    // A small network is not planned as if it needed all that a lane may keep.
    let (_, kept) = try plan.fitting(wanted: 1, isAsked: true, in: limit(1 << 40))
    #expect(kept < NetworkEngine.mostKeptBytes / 4, "\(kept)")
  }

  @Test("one sample of processes that share operations is not refused, and keeps what it needs")
  func eased() throws {
    let plan = plan(.tiny)
    let (lanes, kept) = try plan.fitting(wanted: 1, isAsked: false, in: plan.eased(limit(1)))
    #expect(lanes == 1 && plan.bytes(lanes, kept: kept) == plan.bytes(1))
    #expect(plan.eased(limit(1 << 60)).bytes == 1 << 60)
    #expect(throws: LaneMemoryError.self) {
      try plan.fitting(wanted: 1, isAsked: false, in: limit(1))
    }
  }

  @Test("what does not fit is refused in one line that names what can still be changed")
  func refusal() throws {
    var config = TrainingConfig.initial
    let plan = plan(config)
    let asked = #expect(throws: LaneMemoryError.self) {
      try plan.fitting(wanted: 4, isAsked: true, in: limit(plan.bytes(4) - 1))
    }
    #expect("\(try #require(asked))".contains("4 samples side by side"))
    #expect("\(try #require(asked))".contains("lower --lanes"))
    config.run.savedActivations = .int8
    let least = self.plan(config)
    #expect(least.bytes(1) < plan.bytes(1))
    let error = try #require(
      #expect(throws: LaneMemoryError.self) {
        try least.fitting(wanted: 8, isAsked: false, in: limit(1 << 30))
      })
    #expect(error.exitStatus == .memory)
    let line = "\(error)"
    #expect(line.contains("one sample at a time") && line.contains("only 1.0 GiB is allowed"))
    #expect(!line.contains("--lanes") && !line.contains("savedActivations"), "\(line)")
    #expect(!line.contains("\n"))
  }

  @Test("scoring is planned for the longest chain: fewer side by side, then a refusal")
  func scoring() throws {
    func plan(_ residues: Int) -> LaneMemory {
      .scoring(.initial, .init(entries(residues: residues)), together: 16)
    }
    let (short, long) = (plan(100), plan(400))
    for lanes in 1...4 {
      #expect(long.bytes(lanes) > short.bytes(lanes))
      #expect(try long.fitting(wanted: 4, in: limit(long.bytes(lanes))).lanes == lanes)
    }
    let error = try #require(
      #expect(throws: LaneMemoryError.self) {
        try long.fitting(wanted: 4, in: limit(long.bytes(1) - 1))
      })
    #expect("\(error)".hasPrefix("scoring needs about "), "\(error)")
    #expect("\(error)".contains("one sample at a time") && "\(error)".contains("--max-length"))
  }

  @Test("a loss to choose by needs more with gradients, and with every file that is in memory")
  func choosing() {
    let chains = LaneMemory.Extent(entries(residues: 200))
    func bytes(_ held: Int, _ differentiates: Bool) -> Int {
      LaneMemory.choosing(.tiny, chains, held: held, differentiates: differentiates).bytes(1)
    }
    let weights = 4 * TrainingConfig.tiny.layout.count
    #expect(bytes(5, false) - bytes(1, false) == 4 * weights)
    #expect(bytes(1, true) > bytes(1, false) + 2 * weights)
  }
}
