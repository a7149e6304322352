import Messages
import Testing
import TrainingRun

@testable import FeaturePipeline
@testable import HelixFold

@Suite("Memory of training runs")
struct TrainingMemoryTests {
  private func plan(_ config: TrainingConfig, share: Int = 8) -> TrainingMemory {
    let entries = (0..<3).map { index in
      StoreEntry(
        id: "c\(index)", residues: 300, rows: 600, templates: 0, hasLabels: true, resolution: nil,
        releaseDate: nil, cluster: nil)
    }
    return TrainingMemory(config, share: share, trained: .init(entries), validated: .init(entries))
  }

  private func limit(_ bytes: Int) -> MemoryLimit { MemoryLimit(bytes: bytes, isMachine: false) }

  @Test("as many samples are side by side as fit, at most those wanted")
  func lanes() throws {
    let plan = plan(.initial)
    for lanes in 1...8 {
      #expect(try plan.lanes(wanted: 8, isAsked: false, in: limit(plan.bytes(lanes))) == lanes)
    }
    #expect(try plan.lanes(wanted: 2, isAsked: false, in: limit(plan.bytes(8))) == 2)
    #expect(plan.bytes(1) < self.plan(.initial, share: 64).bytes(1))
  }

  @Test("what does not fit is refused in one line that names what can still be changed")
  func refusal() throws {
    var config = TrainingConfig.initial
    let plan = plan(config)
    let asked = #expect(throws: TrainingMemoryError.self) {
      try plan.lanes(wanted: 4, isAsked: true, in: limit(plan.bytes(4) - 1))
    }
    #expect("\(try #require(asked))".contains("4 samples side by side"))
    #expect("\(try #require(asked))".contains("lower --lanes"))
    config.run.savedActivations = .int8
    let least = self.plan(config)
    #expect(least.bytes(1) < plan.bytes(1))
    let error = try #require(
      #expect(throws: TrainingMemoryError.self) {
        try least.lanes(wanted: 8, isAsked: false, in: limit(1 << 30))
      })
    #expect(error.exitStatus == .memory)
    let line = "\(error)"
    #expect(line.contains("one sample at a time") && line.contains("allowed are 1.0 GiB"))
    #expect(!line.contains("--lanes") && !line.contains("savedActivations"), "\(line)")
    #expect(!line.contains("\n"))
  }
}
