import BasicTestSupport
import FeaturePipeline
import Foundation
import Testing
import Training
import TrainingData
import TrainingTestSupport

@testable import TrainingRun

/// Steps that are left out: what is kept meanwhile, and what is said.
@Suite("Steps left out")
struct SkippedStepTests {
  private let bench: TrainerBench
  private var scratch: ScratchFolder { bench.scratch }

  init() throws { bench = try TrainerBench() }

  private func trainer(
    _ config: TrainingConfig, _ folder: String, resumes: Bool = false,
    window: Int = 2, factor: @escaping (TrainingSample) -> Float
  ) throws -> Trainer {
    let engine = StandInEngine(window: window)
    engine.factor = factor
    return try bench.trainer(config, folder, resumes: resumes, engine: engine)
  }

  /// Gradients of which the squares overflow from the fifth step on.
  private static func diverging() -> (TrainingSample) -> Float {
    var calls = 0
    return { _ in
      calls += 1
      return calls > 8 ? 1e30 : 1
    }
  }

  private var diverging: TrainingConfig {
    var config = TrainingConfig.standIn(steps: 100)
    config.optimizer.clip = .none
    config.data.prefetch = 0
    return config
  }

  @Test("a run that diverges keeps checkpoint and snapshots from before, and says what helps")
  func diverged() throws {
    let error = #expect(throws: TrainingRunError.self) {
      try trainer(diverging, "run", factor: Self.diverging()).run()
    }
    let found = try #require(error)
    #expect(found == .diverged(step: 53, skipped: 50, last: .notFinite))
    let message = "\(found)"
    #expect(message.hasPrefix("step 54: 50 steps in a row"), "\(message)")
    #expect(message.contains("--weights") && message.contains("--output"), "\(message)")
    let folder = RunFolder(path: scratch.file("run"))
    let kept = try CheckpointFile.read(folder.checkpoint).header
    #expect(kept.step == 3 && kept.skippedInARow == 0)
    #expect(folder.snapshots.map { $0.hasSuffix("step_000000004.h5") } == [true])
  }

  @Test("interrupted amid steps that are left out, a run keeps the state from before them")
  func interruptedAmid() throws {
    var asked = 0
    #expect(throws: TrainingRunError.interrupted(step: 3, folder: scratch.file("run"))) {
      try trainer(diverging, "run", factor: Self.diverging()).run(shouldStop: {
        asked += 1
        return asked > 20
      })
    }
    #expect(try CheckpointFile.read(scratch.file("run/last.checkpoint")).header.step == 3)
  }

  @Test("a checkpoint that was due amid steps left out is written after the next that is taken")
  func postponed() throws {
    struct Stop: Error {}
    var config = TrainingConfig.standIn(steps: 14)  // a checkpoint after steps 3, 6, 9 and 12
    config.data.prefetch = 0
    var calls = 0
    let sixth = 11...12  // two samples a step
    let trainer = try trainer(config, "run") { _ in
      calls += 1
      return sixth.contains(calls) ? .nan : 1
    }
    #expect(throws: Stop.self) {
      try trainer.run(observe: { event in
        if case .step(let record, _, _) = event, record.step == 7 { throw Stop() }
      })
    }
    #expect(trainer.skipped.all == 1)
    #expect(try CheckpointFile.read(scratch.file("run/last.checkpoint")).header.step == 7)
  }

  /// About half of the steps of two samples have such a chain.
  private static func isBad(_ chain: String) -> Bool { "345".contains(chain.last ?? "x") }

  @Test("a run with steps left out, stopped anywhere and resumed, ends with the same bits")
  func resumed() throws {
    let config = TrainingConfig.standIn(steps: 14)
    let factor = { (sample: TrainingSample) -> Float in Self.isBad(sample.id) ? .nan : 1 }
    let whole = try trainer(config, "whole", window: 1, factor: factor)
    try whole.run()
    #expect((3...11).contains(whole.skipped.all))
    for moment in stride(from: 1, to: 32, by: 3) {
      var asked = 0
      let folder = "parts\(moment)"
      #expect(throws: TrainingRunError.self) {
        try trainer(config, folder, window: 1, factor: factor).run(shouldStop: {
          asked += 1
          return asked > moment
        })
      }
      try trainer(config, folder, resumes: true, factor: factor).run()
      let folders = ["whole", folder].map { RunFolder(path: scratch.file($0)) }
      for file in [\RunFolder.checkpoint, \.best, \.weights] {
        let contents = folders.map { FileManager.default.contents(atPath: $0[keyPath: file]) }
        #expect(contents[0] != nil && contents[0] == contents[1], "stopped at \(moment)")
      }
      let names = folders.map { $0.snapshots.map { $0.suffix(12) } }
      #expect(names[0] == names[1])
    }
  }

  @Test(
    "a run whose last steps were left out ends well if they are few; of more the state before them stays"
  )
  func lastSteps() throws {
    for (steps, isFine) in [(6, true), (14, false)] {
      var config = diverging
      config.run.steps = steps
      let folder = "run\(steps)"
      let trainer = try trainer(config, folder, factor: Self.diverging())
      if isFine {
        try trainer.run()
      } else {
        #expect(throws: TrainingRunError.diverged(step: 13, skipped: 10, last: .notFinite)) {
          try trainer.run()
        }
      }
      let header = try CheckpointFile.read(scratch.file(folder + "/last.checkpoint")).header
      #expect(header.step == (isFine ? 6 : 3))
    }
  }

  @Test("a run that takes no step at all fails, however short")
  func nothingTaken() throws {
    #expect(throws: TrainingRunError.diverged(step: 2, skipped: 3, last: .notFinite)) {
      try trainer(.standIn(steps: 3), "run") { _ in .nan }.run()
    }
  }

  @Test("the log names the chains of a step that was left out: those not finite, else the largest")
  func chains() throws {
    for (folder, bad) in [("nan", Float.nan), ("huge", 1e30)] {
      var config = diverging
      config.run.steps = 12
      config.run.batch = 4
      let run = try trainer(config, folder) { Self.isBad($0.id) ? bad : 1 }
      try run.run()
      #expect(run.skipped.all > 0)
      let records = try TrainingLog.read(scratch.file(folder + "/log.jsonl"))
        .filter { $0.event == .step }
      for record in records {
        let isTaken = record.decision == .take
        #expect(isTaken ? record.chains == nil : record.chains?.isEmpty == false)
        #expect(record.chains?.allSatisfy(Self.isBad) != false)
      }
    }
  }
}
