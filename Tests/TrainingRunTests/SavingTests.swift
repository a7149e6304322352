import Foundation
import Testing
import Training
import TrainingTestSupport

@testable import TrainingRun

@Suite("What a run keeps, and when")
struct SavingTests {
  private let bench: TrainerBench

  init() throws { bench = try TrainerBench() }

  @Test("only the newest snapshots stay, as many as the configuration says")
  func snapshots() throws {
    var config = TrainingConfig.standIn(steps: 14)
    (config.run.snapshotInterval, config.run.snapshots) = (4, 2)
    try bench.trainer(config).run()
    let names = RunFolder(path: bench.scratch.file("run")).snapshots.map {
      URL(fileURLWithPath: $0).lastPathComponent
    }
    #expect(names == ["step_000000008.h5", "step_000000012.h5"])
  }

  @Test("a checkpoint that is too old is replaced after the next step, whatever the interval")
  func overdue() throws {
    struct Stop: Error {}
    var config = TrainingConfig.standIn(steps: 14)
    config.run.checkpointInterval = 1000
    for (limit, saved) in [(0.0, 6), (600, 0)] {
      let folder = "run\(saved)"
      let trainer = try bench.trainer(config, folder)
      trainer.longestUnsaved = limit
      #expect(throws: Stop.self) {
        try trainer.run(observe: { event in
          if case .step(let record, _, _) = event, record.step == 6 { throw Stop() }
        })
      }
      let file = bench.scratch.file(folder + "/last.checkpoint")
      #expect(try CheckpointFile.read(file).header.step == saved)
    }
  }
}
