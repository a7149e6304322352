import BasicTestSupport
import FeaturePipeline
import Foundation
import Testing
import Training
import TrainingData
import TrainingTestSupport

@testable import TrainingRun

@Suite("Averages of snapshots")
struct SnapshotAveragingTests {
  let scratch: ScratchFolder
  let config = TrainingConfig.standIn(steps: 1)

  init() throws { scratch = try ScratchFolder() }

  /// A file for each value, which all its parameters have.
  private func files(_ values: [Float]) throws -> [String] {
    let count = config.layout.count
    return try values.enumerated().map { index, value in
      let path = scratch.file("step_\(index).h5")
      try RunFolder.write(
        [Float](repeating: value, count: count), config: config, note: "test", to: path)
      return path
    }
  }

  @Test(
    "a plain mean refuses a file with a value that is not finite by its name, unless it takes no part",
    arguments: [SnapshotAveraging.Method.uniform, .lawa, .ema])
  func notFinite(_ method: SnapshotAveraging.Method) throws {
    let files = try files([1, .nan, 3])
    let tensor = config.layout.segments[0].name
    #expect(throws: WeightAveragingError.notFinite(file: files[1], tensor: tensor)) {
      try SnapshotAveraging(method)(files)
    }
    var last = SnapshotAveraging(method)
    last.keep = 1
    let result = try last(files)
    #expect(result.selected == [2])
    #expect(result.parameters.values.allSatisfy { $0 == 3 })
  }

  @Test(
    "a run that was too short for a snapshot says so, and one that was asked for none otherwise")
  func withoutSnapshots() throws {
    func problem() -> String? {
      messageIfRefused { _ = try SnapshotAveraging.files([scratch.path]) }
    }
    let plain = "holds no snapshots/step_*.h5; set run.snapshotInterval when training"
    #expect(problem()?.hasSuffix(plain) == true)
    let log = try (0..<4).map { step in
      let record = TrainingRecord(.step, step: step, loss: 1, lddt: nil, seconds: 1)
      return String(decoding: try JSONEncoder().encode(record), as: UTF8.self) + "\n"
    }
    try scratch.write(log.joined(), to: "log.jsonl")
    for (interval, reason) in [
      (0, plain), (100, "; run.snapshotInterval is 100, the run made 4 steps"),
    ] {
      try scratch.write(
        #"{"preset": "tiny", "run": {"snapshotInterval": \#(interval)}}"#, to: "config.json")
      #expect(problem()?.hasSuffix(reason) == true, "\(problem() ?? "")")
    }
  }

  @Test(
    "a choice by a loss asks for one by the name of the method",
    arguments: [SnapshotAveraging.Method.greedy, .sewa])
  func withoutObjective(_ method: SnapshotAveraging.Method) throws {
    let files = try files([1, 2])
    let expected = WeightAveragingError.noObjective(method: method.rawValue)
    #expect(throws: expected) { try SnapshotAveraging(method)(files) }
    #expect("\(expected)".contains("none was given; give validation chains"))
  }

  @Test("greedy asks for losses alone, and its progress grows to the end")
  func greedy() throws {
    let files = try files([3, 1, 2])
    let objective = SnapshotAveraging.Objective(
      samples: 1, loss: { Double(($0[0] - 1) * ($0[0] - 1)) },
      gradient: { _ in throw WeightAveragingError.noCheckpoint })
    var seen: [Double] = []
    let result = try SnapshotAveraging(.greedy)(files, objective: objective) {
      seen.append($0.fraction)
    }
    #expect(result.selected == [1])
    #expect(result.choice?.losses == [4, 0, 1] && result.choice?.loss == 0)
    #expect(seen == (1...5).map { Double($0) / 5 })
  }

  @Test("an average is random if a file that takes part is")
  func random() throws {
    let files = try files([3, 1])
    try RunFolder.write(
      [Float](repeating: 3, count: config.layout.count), config: config, note: "test",
      isRandom: true, to: files[0])
    let objective = SnapshotAveraging.Objective(
      samples: 1, loss: { Double(($0[0] - 1) * ($0[0] - 1)) },
      gradient: { _ in throw WeightAveragingError.noCheckpoint })
    let chosen = try SnapshotAveraging(.greedy)(files, objective: objective)
    #expect(chosen.selected == [1] && !chosen.isRandom)
    #expect(try SnapshotAveraging(.uniform)(files).isRandom)
  }

  @Test(
    "SeWA takes a loss per file, then gradients by iteration, each as long as three losses, and a last loss"
  )
  func selective() throws {
    let files = try files([1, 2])
    var averaging = SnapshotAveraging(.sewa)
    averaging.keep = 1
    averaging.selection.iterations = 2
    averaging.selection.samples = 2
    #expect(averaging.passes(choosingAmong: 2) == 2 + 3 * 4 + 1)
    let objective = SnapshotAveraging.Objective(
      samples: 1, loss: { Double($0[0]) },
      gradient: { (Double($0[0]), [Float](repeating: 1, count: $0.count)) })
    var seen: [SnapshotAveraging.Progress] = []
    let result = try averaging(files, objective: objective) { seen.append($0) }
    #expect(result.selected == [0])
    let choice = try #require(result.choice)
    #expect(choice.losses == [1, 2] && choice.loss == 1)
    let probabilities = try #require(choice.probabilities)
    #expect(probabilities[0] > probabilities[1])
    #expect(
      seen.map(\.task) == [
        "loss of snapshot 1", "loss of snapshot 2", "iteration 1 of 2", "iteration 1 of 2",
        "iteration 2 of 2", "iteration 2 of 2", "loss of the mean",
      ])
    #expect(seen.last?.fraction == 1)
    // All files take part: there is nothing to choose.
    averaging.keep = 2
    #expect(averaging.passes(choosingAmong: 2) == 2 + 1)
  }

  @Test("a loss runs no gradients; the gradient is the mean of those of the samples")
  func objective() throws {
    let store = scratch.file("store.h5")
    try SyntheticStore.write(to: store)
    let source = try SampleSource(
      store: FeatureStore(path: store), network: config.network, config: config.data, seed: 0)
    let samples = try source.validation(
      count: 3, lengths: 16...256, crop: 24, recycles: 0, seed: 0)
    let engine = CountingEngine()
    let objective = SnapshotAveraging.objective(samples, engine: engine)
    #expect(objective.samples == samples.count)
    let loss = try objective.loss([2, 4])
    #expect(abs(loss - 6) < 1e-5 && engine.gradients == 0)
    let (mean, gradient) = try objective.gradient([2, 4])
    #expect(mean == loss && gradient.allSatisfy { abs($0 - 1) < 1e-6 })
    #expect(engine.gradients == samples.count)
  }
}

/// The sum of the parameters, and a count of the gradients that were asked for.
private final class CountingEngine: GradientEngine {
  private var parameters: [Float] = []
  private(set) var gradients = 0
  let window = 2

  func load(_ parameters: [Float]) { self.parameters = parameters }

  func differentiate(
    _ samples: [TrainingSample], _ body: (TrainingSample, SampleOutcome, [Float]) -> Void
  ) {
    for sample in samples {
      gradients += 1
      body(sample, outcome, parameters.map { _ in 1 })
    }
  }

  func evaluate(_ samples: [TrainingSample]) -> [SampleOutcome] { samples.map { _ in outcome } }

  private var outcome: SampleOutcome {
    var report = LossReport()
    report.total = parameters.reduce(0) { $0 + Double($1) }
    return SampleOutcome(loss: report, alphaCarbons: [])
  }
}
