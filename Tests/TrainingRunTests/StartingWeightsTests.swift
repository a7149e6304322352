import Foundation
import Testing
import TrainingTestSupport
import Weights

@testable import TrainingRun

/// Runs that begin with given weights.
@Suite("Starting weights")
struct StartingWeightsTests {
  private let bench: TrainerBench
  private let config: TrainingConfig

  init() throws {
    bench = try TrainerBench()
    var config = TrainingConfig.standIn(steps: 2)
    try bench.trainer(config, "first").run()
    config.run.weights = RunFolder(path: bench.scratch.file("first")).weights
    config.run.steps = 6
    self.config = config
  }

  private func records(_ folder: String) throws -> [TrainingRecord] {
    try TrainingLog.read(RunFolder(path: bench.scratch.file(folder)).log).map {
      var record = $0
      record.seconds = 0
      return record
    }
  }

  private func bytes(_ file: String) throws -> Data {
    try Data(contentsOf: URL(fileURLWithPath: bench.scratch.file(file)))
  }

  @Test("given weights are validated before the first step, initial values are not")
  func validation() throws {
    try bench.trainer(config).run()
    let steps = try records("run").filter { $0.event == .validation }.map(\.step)
    #expect(steps == [-1, 4, 5])
    // Nothing was learned before the first step.
    let snapshots = RunFolder(path: bench.scratch.file("run")).snapshots
    #expect(snapshots.count == 1 && snapshots[0].hasSuffix("4.h5"), "\(snapshots)")
    #expect(try records("first").filter { $0.event == .validation }.map(\.step) == [1])
    var unscored = config
    unscored.validation.interval = 0
    try bench.trainer(unscored, "unscored").run()
    #expect(try records("unscored").allSatisfy { $0.event == .step })
  }

  @Test("where no step is better, the given weights stay the best")
  func best() throws {
    var config = config
    config.run.steps = 2
    config.optimizer.schedule.peak = 0
    try bench.trainer(config).run()
    let scores = try records("run").filter { $0.event == .validation }.compactMap(\.lddt)
    #expect(scores.count == 2 && scores[0] == scores[1])
    let best = try ParameterFile(inspecting: bench.scratch.file("run/best.h5"))
    let source = try #require(best.provenance?.source)
    #expect(source.contains("after step 0"), "\(source)")
  }

  @Test("a run stopped before or in its first validation ends with the same bits and the same log")
  func stopped() throws {
    try bench.trainer(config, "whole").run()
    for stop in [1, 2] {
      let folder = "stopped\(stop)"
      var asked = 0
      #expect(throws: TrainingRunError.interrupted(step: 0, folder: bench.scratch.file(folder))) {
        try bench.trainer(config, folder).run(shouldStop: {
          asked += 1
          return asked >= stop
        })
      }
      try bench.trainer(config, folder, resumes: true).run()
      for file in ["last.checkpoint", "best.h5", "weights.h5"] {
        #expect(try bytes("whole/\(file)") == bytes("\(folder)/\(file)"), "\(file)")
      }
      #expect(try records("whole") == records(folder))
    }
  }

  @Test("a run that began with a run's folder goes on with the file it stands for, with no other")
  func sameFile() throws {
    var config = config
    (config.run.weights, config.run.steps) = (bench.scratch.file("first"), 1)
    try bench.trainer(config).run()
    config.run.steps = 2
    for (file, isSame) in [("first/best.h5", true), ("first", true), ("first/weights.h5", false)] {
      config.run.weights = bench.scratch.file(file)
      if isSame {
        #expect(try bench.trainer(config, resumes: true).step == 1)
      } else {
        let error = #expect(throws: TrainingRunError.self) {
          try bench.trainer(config, resumes: true)
        }
        #expect("\(try #require(error))".contains("not \(bench.scratch.file(file))"))
      }
    }
  }

  @Test("another number of recycles than that of the given network is said, once")
  func recycles() throws {
    var other = config
    other.network.recycles += 2
    for (config, count) in [(config, 0), (other, 1)] {
      var lines: [String] = []
      let trainer = try bench.trainer(config, "recycles\(count)")
      try trainer.run(observe: { event in
        if case .caution(let line) = event { lines.append(line) }
      })
      #expect(lines.count == count && lines.allSatisfy { $0.contains("'network.recycles'") })
    }
  }
}
