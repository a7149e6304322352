import BasicTestSupport
import Evaluation
import FeaturePipeline
import Foundation
import Messages
import Testing
import TrainingData
import TrainingTestSupport

@testable import HelixFold

@Suite("Evaluation of one split of a store")
struct EvaluationRequestTests {
  private let scratch: ScratchFolder
  private let store: String

  init() throws {
    scratch = try ScratchFolder()
    store = scratch.file("s.h5")
    try SyntheticStore.write(to: store)
  }

  private func request(_ set: String, _ split: DataSplit? = nil) -> EvaluationRequest {
    var request = EvaluationRequest(set: set, output: scratch.file("out"))
    request.split = split
    return request
  }

  @Test(
    "a split has its chains of the store alone, and they know it", arguments: DataSplit.allCases)
  func split(_ split: DataSplit) throws {
    let entries = try FeatureStore(path: store).entries
    let (name, targets) = try request(store, split).targets()
    #expect(name == "s, \(split.rawValue) split")
    #expect(targets.map(\.id) == entries.filter { DataSplit($0) == split }.map(\.id))
    #expect(targets.allSatisfy { $0.split == split.rawValue } && !targets.isEmpty)
    let all = try request(store).targets()
    #expect(all.name == "s" && all.targets.count == entries.count)
  }

  @Test("chains of the training split are said, on the page too")
  func caution() throws {
    let entries = try FeatureStore(path: store).entries
    let known = entries.count { DataSplit($0) == .training }
    let set = try request(store).targets()
    let caution = try #require(request(store).caution(about: set.targets))
    #expect(caution.hasPrefix("\(known) of \(entries.count) chains with a structure are of the"))
    let test = request(store, .test)
    #expect(test.caution(about: try test.targets().targets) == nil)
    let reporter = ProgressReporter(style: .quiet, isSilent: true)
    _ = try request(store).run(on: set, reporter: reporter)
    let page = try String(contentsOfFile: scratch.file("out/report.html"), encoding: .utf8)
    #expect(page.contains("chains with a structure are of the training split"))
    let table = try String(contentsOfFile: scratch.file("out/targets.csv"), encoding: .utf8)
    #expect(table.hasPrefix("target,residues,msa_rows,domains,predictor,state,reason,split\n"))
  }

  @Test("a store without clusters and a folder have no splits")
  func none() throws {
    let plain = scratch.file("plain.h5")
    var record = SyntheticStore.record(0) { "chain\($0)" }
    record.labels?.cluster = nil
    try FeatureStore.write([record], to: plain)
    let targets = try request(plain).targets().targets
    #expect(targets.map(\.split) == [nil])
    #expect(request(plain).caution(about: targets) == nil)
    #expect(message { _ = try request(plain, .test).targets() }.contains("names no clusters"))
    #expect(message { _ = try request(scratch.path, .test).targets() }.contains("is no store"))
  }

  /// An evaluation after a prediction by weights called `m`.
  private func predicted(
    _ weights: String, seed: UInt64, _ inputs: [PredictionTarget]
  ) throws -> EvaluationRequest {
    var model = PredictionBench.model(weights)
    model.name = "m"
    var options = PredictionOptions()
    (options.recycles, options.seed) = (0, seed)
    var request = request(scratch.file("natives"))
    try request.predict(
      inputs, of: [EvaluationTarget(id: "toy")], with: [model], options,
      reporter: ProgressReporter(style: .quiet, isSilent: true))
    return request
  }

  @Test("weights are scored by what they predicted, whatever others left in their folder")
  func ownPredictions() throws {
    let toy = try PredictionBench.target(PredictionBench.letters)
    let reporter = ProgressReporter(style: .quiet, isSilent: true)
    _ = try predicted("first", seed: 1, [toy])
    let folder = scratch.file("out/predictions/m/toy")
    try FileManager.default.createDirectory(
      atPath: scratch.file("natives"), withIntermediateDirectories: true)
    // What the first weights predict is the truth.
    try FileManager.default.copyItem(
      atPath: "\(folder)/unrelaxed_m_pred_1.pdb", toPath: scratch.file("natives/toy.pdb"))
    for (weights, seed, isPerfect) in [("other", 0, false), ("first", 1, true)] {
      let request = try predicted(weights, seed: UInt64(seed), [toy])
      let (evaluation, _, status) = try request.run(on: try request.targets(), reporter: reporter)
      #expect(status == .success && evaluation.rows.count == 1)
      let score = try #require(evaluation.rows.first?.scores.superposed.tmScore.value)
      #expect((score > 0.9999) == isPerfect, "\(weights): \(score)")
      #expect(
        evaluation.predictorWeights.map(\.weights.checksum) == [
          PredictionBench.model(weights).checksum
        ])
    }
    let other = try PredictionBench.target(PredictionBench.letters, id: "other")
    let request = try predicted("first", seed: 1, [other])
    let (evaluation, _, status) = try request.run(on: try request.targets(), reporter: reporter)
    #expect(status == .badInput && evaluation.rows.isEmpty)
    #expect(
      evaluation.gaps.first?.reason.contains("not predicted: no sequence or features of toy")
        == true)
  }

  @Test("a store without structures is refused before anything is predicted")
  func noLabels() throws {
    let plain = scratch.file("unlabelled.h5")
    var record = SyntheticStore.record(0) { "chain\($0)" }
    record.labels = nil
    try FeatureStore.write([record], to: plain)
    #expect(message { _ = try request(plain).targets() }.contains("has no labels (structures)"))
  }
}
