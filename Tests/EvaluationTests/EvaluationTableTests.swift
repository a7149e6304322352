import BasicTestSupport
import Foundation
import Protein
import Scoring
import StructureIO
import Testing

@testable import Evaluation

@Suite("Numbers in the tables of an evaluation")
struct EvaluationTableTests {
  private static func json(_ evaluation: Evaluation, _ folder: ScratchFolder) throws
    -> [String: Any]
  {
    _ = try EvaluationFiles(evaluation, seed: 1, version: "0").write(to: folder.path, plots: nil)
    let data = try Data(contentsOf: URL(fileURLWithPath: folder.file("evaluation.json")))
    return try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
  }

  /// One target that `predictor` has, with noise and a domain.
  private static func single(_ predictor: String) throws -> (ScratchFolder, Evaluation) {
    let folder = try ScratchFolder()
    try folder.write(try PDBWriter.text(of: coil(120, noise: 2)), to: "p/a.pdb")
    let target = EvaluationTarget(
      id: "a", length: 120, domains: [DomainRange(name: "D1", ranges: [1...30])],
      native: { coil(120) })
    return (
      folder,
      Evaluation(
        name: "s", targets: [target],
        predictors: [Predictor(name: predictor, folder: "\(folder.path)/p", note: "small")])
    )
  }

  /// The scores of a row by the names of columns and keys, not by way of `Metric`.
  private static func scores(_ row: EvaluationRow) -> [String: Double?] {
    [
      "coverage": row.scores.coverage, "lddt": row.scores.lddt.score,
      "lddt_ca": row.scores.lddtAlpha.score, "tm_score": row.scores.superposed.tmScore.value,
      "gdt_ts": row.scores.superposed.gdtTS, "gdt_ha": row.scores.superposed.gdtHA,
      "rmsd": row.scores.rmsd?.value, "rmsd95": row.scores.rmsd95?.value,
    ]
  }

  @Test("each column of scores.csv and each key of evaluation.json holds the score of its name")
  func columns() throws {
    let (folder, evaluation) = try Self.single("myNet")
    let document = try Self.json(evaluation, folder)
    let lines = EvaluationFiles(evaluation, seed: 1, version: "0").scoresCSV
      .split(separator: "\n").map { $0.split(separator: ",", omittingEmptySubsequences: false) }
    let objects = try #require(document["rows"] as? [[String: Any]])
    #expect(evaluation.rows.count == 2 && lines.count == 3 && objects.count == 2)
    for (index, row) in evaluation.rows.enumerated() {
      let expected = Self.scores(row)
      #expect(Set(expected.values).count == expected.count, "scores that differ tell columns apart")
      let cells = Dictionary(uniqueKeysWithValues: zip(lines[0], lines[index + 1]))
      let written = try #require(objects[index]["scores"] as? [String: Double])
      for (name, value) in expected {
        let value = try #require(value)
        let cell = try #require(cells[Substring(name)].flatMap { Double($0) })
        #expect(abs(cell - value) < 1e-6, "\(name)")
        #expect(abs(try #require(written[name]) - value) < 1e-12, "\(name)")
      }
      #expect(cells["predictor"] == "myNet" && cells["unit"] == Substring(row.unit))
      #expect(cells["residues"] == "\(row.scores.referenceResidues)")
    }
  }

  @Test("the table for a terminal holds the mean below the name of each score")
  func terminal() throws {
    let (_, evaluation) = try Self.single("p")
    let lines = evaluation.text(seed: 1).split(separator: "\n").map {
      $0.split(separator: " ")
    }
    #expect(lines[0].dropFirst(3) == ["lDDT", "lDDT-CA", "TM-score", "GDT-TS", "GDT-HA"])
    let scores = Self.scores(evaluation.rows[0])
    let names = ["lddt", "lddt_ca", "tm_score", "gdt_ts", "gdt_ha"]
    #expect(lines[1].prefix(3) == ["p", "chains", "1"])
    for (name, cell) in zip(names, lines[1].dropFirst(3)) {
      let value = try #require(scores[name] ?? nil)
      #expect(abs((Double(cell) ?? -1) - value) < 0.00006, "\(name)")
    }
  }

  @Test("keys are in snake case, names of predictors are kept, what is not known is null")
  func keys() throws {
    let (folder, evaluation) = try Self.single("myNet")
    let document = try Self.json(evaluation, folder)
    #expect((document["predictor_notes"] as? [String: String]) == ["myNet": "small"])
    let target = try #require((document["targets"] as? [[String: Any]])?.first)
    #expect(Set(target.keys) == ["target", "residues", "msa_rows", "domains", "split"])
    #expect(target["msa_rows"] is NSNull && target["residues"] as? Int == 120)
    func keys(of value: Any) -> [String] {
      if let list = value as? [Any] { return list.flatMap(keys) }
      guard let object = value as? [String: Any] else { return [] }
      return Array(object.keys) + object.values.flatMap(keys)
    }
    let odd = Set(keys(of: document)).filter { $0 != $0.lowercased() }
    #expect(odd == ["myNet"])
  }

  @Test("one target has no interval, in no file and not on the page")
  func oneTarget() throws {
    let (folder, evaluation) = try Self.single("p")
    let document = try Self.json(evaluation, folder)
    let summary = try #require((document["summaries"] as? [[String: Any]])?.first)
    let mean = try #require((summary["mean"] as? [String: [String: Any]])?["lddt"])
    #expect(mean["low"] is NSNull && mean["high"] is NSNull && mean["count"] as? Int == 1)
    let page = try String(contentsOfFile: folder.file("report.html"), encoding: .utf8)
    #expect(!page.contains("<small>["))
  }

  @Test("intervals are given from five targets on", arguments: [4, 5])
  func fewTargets(_ count: Int) {
    let targets = (0..<count).map { number in
      EvaluationTarget(id: "t\(number)", native: { coil(30) })
    }
    var predictor = Predictor(name: "p", folder: "nowhere")
    predictor.outcomes = [:]
    let empty = Evaluation(name: "s", targets: targets, predictors: [predictor])
    #expect(empty.gaps.count == count && empty.rows.isEmpty)
    let values = (0..<count).map { [Double($0)] }
    let bootstrap = Bootstrap(groups: count, seed: 1, leastGroups: Bootstrap.leastTargets)
    #expect((bootstrap.estimate(values) { $0[0] }?.interval != nil) == (count == 5))
  }

  @Test("domains are grouped by their own residues, chains by those of their targets")
  func domainBuckets() throws {
    let (_, evaluation) = try Self.single("p")
    let found = evaluation.summaries(seed: 1).filter { $0.bucket.hasPrefix("residues") }
    #expect(found.map(\.scope) == [.chains, .domains])
    #expect(found.map(\.bucket) == ["residues 100–399", "residues 0–99"])
  }

  @Test("predictors that lack different targets get means over what all have, and n says so")
  func unequalCoverage() throws {
    let (folder, evaluation) = try EvaluationTests.set()
    let summaries = evaluation.overallSummaries(seed: 1).filter { $0.scope == .chains }
    #expect(summaries.map(\.bucket) == ["all", "all", "common", "common"])
    #expect(summaries.map(\.count) == [3, 3, 2, 2])
    #expect(summaries.map(\.available) == [4, 4, nil, nil])
    let shared = evaluation.rows.filter {
      $0.predictor == "rough" && $0.scope == .chains && ["t1", "t2"].contains($0.target)
    }
    let expected = shared.map(\.scores.superposed.gdtTS).reduce(0, +) / 2
    let mean = try #require(summaries[3].metrics.first { $0.metric == .gdtTS }).mean.value
    #expect(abs(mean - expected) < 1e-12)
    #expect(
      summaries[1].metrics.first { $0.metric == .gdtTS }.map { $0.mean.value != mean } == true)
    let text = evaluation.text(seed: 1)
    #expect(text.contains("3 of 4") && text.contains("rough, common"))
    #expect(text.contains(EvaluationSummary.groupNote))
    _ = try Self.json(evaluation, folder)
    let page = try String(contentsOfFile: folder.file("report.html"), encoding: .utf8)
    for part in [
      "that all predictors have", "mean GDT-TS of exact", "Structures are those of exact",
      "t1 by exact",
    ] { #expect(page.contains(part), "\(part)") }
  }

  @Test("a sole predictor needs no second means")
  func equalCoverage() throws {
    let (_, evaluation) = try Self.single("p")
    #expect(evaluation.overallSummaries(seed: 1).map(\.bucket) == ["all", "all"])
    #expect(!evaluation.text(seed: 1).contains("common"))
  }
}
