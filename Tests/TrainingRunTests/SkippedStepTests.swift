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
  let scratch: TrainingScratch
  let store: String

  init() throws {
    scratch = try TrainingScratch()
    store = scratch.file("store.h5")
    try SyntheticStore.write(to: store)
  }

  private func trainer(
    _ config: TrainingConfig, _ folder: String, resumes: Bool = false,
    window: Int = 2, factor: @escaping (TrainingSample) -> Float
  ) throws -> Trainer {
    let engine = StandInEngine(window: window)
    engine.factor = factor
    let source = try SampleSource(
      store: FeatureStore(path: store), network: config.network, config: config.data,
      seed: config.run.seed)
    return try Trainer(
      config, folder: RunFolder(path: scratch.file(folder)), source: source, engine: engine,
      resumes: resumes, program: "test")
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

  /// About half of the steps of two samples have such a chain.
  private static func isBad(_ chain: String) -> Bool { "345".contains(chain.last ?? "x") }

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
