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

  @Test("best weights that other chains chose stay under another name, and a line says so")
  func earlierBest() throws {
    var config = TrainingConfig.standIn(steps: 4)
    try bench.trainer(config).run()
    let folder = RunFolder(path: bench.scratch.file("run"))
    let before = try #require(FileManager.default.contents(atPath: folder.best))
    (config.run.steps, config.validation.interval) = (6, 1)
    config.validation.crop -= 1
    var lines: [String] = []
    try bench.trainer(config, resumes: true).run(observe: { event in
      if case .caution(let line) = event { lines.append(line) }
    })
    #expect(lines.count == 1 && lines[0].contains("kept as best_before_step_5.h5"), "\(lines)")
    let kept = FileManager.default.contents(atPath: folder.path + "/best_before_step_5.h5")
    #expect(kept == before)
    #expect(FileManager.default.contents(atPath: folder.best) != before)
    // Nothing is said where the same chains choose.
    config.run.steps = 7
    try bench.trainer(config, resumes: true).run(observe: { event in
      if case .caution(let line) = event { Issue.record("\(line)") }
    })
  }

  @Test("the step before a validation that is owed stands in the events of the run that resumes")
  func repeatedEvents() throws {
    let config = TrainingConfig.standIn(steps: 10)  // a validation after step 5
    var asked = 0
    #expect(throws: TrainingRunError.interrupted(step: 5, folder: bench.scratch.file("run"))) {
      try bench.trainer(config).run(shouldStop: {
        asked += 1
        return asked > 5  // one group of samples a step, then the validation
      })
    }
    let folder = bench.scratch.file("run")
    func eventFiles() throws -> Set<String> {
      Set(
        try FileManager.default.contentsOfDirectory(atPath: folder)
          .filter { $0.contains("tfevents") })
    }
    let before = try eventFiles()
    try bench.trainer(config, resumes: true).run()
    let file = try #require(try eventFiles().subtracting(before).first)
    let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: "\(folder)/\(file)")))
    // Each scalar has its name once; the session goes on with step 4, then 5 to 9 follow.
    #expect(bytes.ranges(of: Array("train/loss".utf8)).count == 6)
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
