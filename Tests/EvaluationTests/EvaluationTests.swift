import BasicTestSupport
import Foundation
import Protein
import Scoring
import StructureIO
import Testing

@testable import Evaluation

/// A chain of glycines and alanines along a wide helix, so that all scores have something to measure.
func coil(_ count: Int, firstNumber: Int = 1, noise: Double = 0) -> Structure {
  let residues = (0..<count).map { index -> Residue in
    let angle = 0.9 * Double(index)
    let wobble = noise * (Double(index * 7919 % 13) / 6.5 - 1)
    let alpha = SIMD3(6 * cos(angle), 6 * sin(angle) + wobble, 1.1 * Double(index))
    let atoms = [("N", SIMD3(-1.2, 0.4, -0.6)), ("CA", .zero), ("C", SIMD3(1, 0.7, 0.9))].map {
      Atom(name: $0.0, element: String($0.0.prefix(1)), position: alpha + $0.1)
    }
    let names = ["GLY", "ALA", "SER", "VAL", "LEU", "THR", "LYS"]
    return Residue(name: names[index * index % 7], number: firstNumber + index, atoms: atoms)
  }
  return Structure(models: [Model(chains: [Chain(id: "A", residues: residues)])])
}

@Suite("Evaluation of sets")
struct EvaluationTests {
  /// Two predictors; one native is missing, one prediction is missing, one is no structure.
  static func set() throws -> (ScratchFolder, Evaluation) {
    let folder = try ScratchFolder()
    for (id, count) in [("t1", 40), ("t2", 60), ("t3", 120), ("t4", 50)] {
      try folder.write(try PDBWriter.text(of: coil(count)), to: "natives/\(id).pdb")
      if id != "t3" {
        try folder.write(
          try PDBWriter.text(of: coil(count, noise: 2)), to: "rough/\(id)/ranked_0.pdb")
      }
      try folder.write(
        id == "t4" ? "not a structure" : try PDBWriter.text(of: coil(count)), to: "exact/\(id).pdb")
    }
    try folder.write(
      """
      {"name": "test", "domains_held": 2, "targets": [
        {"id": "t1", "length": 40, "msa_rows": 7, "source": "made up",
         "domains": [{"name": "t1-D1", "ranges": "1-20"}, {"name": "t1-D2", "ranges": "21-40"}]},
        {"id": "t2", "length": 60, "msa_rows": 100, "source": "made up"},
        {"id": "t3", "length": 120, "msa_rows": 500, "source": "made up"},
        {"id": "t4", "length": 50, "source": "made up"},
        {"id": "t5", "length": 50, "source": "made up"}]}
      """, to: "set.json")
    let targets = try EvaluationTarget.read(
      manifest: "\(folder.path)/set.json", natives: "\(folder.path)/natives")
    return (
      folder,
      Evaluation(
        name: "test", targets: targets,
        predictors: ["exact", "rough"].map { Predictor(name: $0, folder: "\(folder.path)/\($0)") })
    )
  }

  @Test("residues that only the native has take no partner from others, also within domains")
  func extraResidues() throws {
    var native = coil(44, firstNumber: 501)
    let all = native.models[0].chains[0].residues
    // The model lacks residues 23 to 26 of the native and counts from 1; the residues beside the gap fit nowhere else.
    var kept = Array(all[..<22] + all[26...])
    for index in kept.indices { kept[index].number = index + 1 }
    let model = Structure(models: [Model(chains: [Chain(id: "A", residues: kept)])])
    native.models[0].chains[0].id = "N"
    let report = try ScoreReport(
      model: model, reference: native,
      domains: [
        DomainRange(name: "D1", ranges: [1...20]), DomainRange(name: "D2", ranges: [27...40]),
      ],
      countsAlongModel: true)
    #expect(report.matching.method == .alignment)
    #expect(report.whole.matchedResidues == 40 && report.whole.referenceResidues == 44)
    #expect(report.domains.map(\.scores.matchedResidues) == [20, 14])
    // The first of the residues without a partner are counted on from the last with one.
    #expect(Array(report.matching.numbersAlongModel[20..<28]) == [21, 22, 23, 24, 25, 26, 23, 24])
    #expect(report.domains[0].scores.lddtAlpha.score == 1)
  }

  @Test("every target is scored or listed with its reason, and none stops the others")
  func complete() throws {
    let (_, evaluation) = try Self.set()
    let scored = Set(evaluation.rows.map { "\($0.predictor) \($0.target)" })
    #expect(
      scored == ["exact t1", "exact t2", "exact t3", "rough t1", "rough t2", "rough t4"])
    #expect(evaluation.gaps.map(\.target) == ["t3", "t4", "t5"])
    #expect(evaluation.gaps.map(\.isFailure) == [true, true, false])
    #expect(evaluation.gaps.map(\.predictor) == ["rough", "exact", nil])
    let csv = EvaluationFiles(evaluation, seed: 1, version: "0").targetsCSV
    #expect(csv.split(separator: "\n").count == 1 + 5 * 2)
    #expect(csv.contains("t5,50,,0,exact,not scored,no native structure,"))
  }

  @Test("the file and the checksum of a predictor's weights are in the data and on the page")
  func weights() throws {
    let folder = try ScratchFolder()
    let text = try PDBWriter.text(of: coil(40))
    for place in ["mine", "theirs"] { try folder.write(text, to: "\(place)/a.pdb") }
    let weights = PredictorWeights(file: "runs/w1/best.h5", checksum: "0123456789abcdef")
    let evaluation = Evaluation(
      name: "s", targets: [EvaluationTarget(id: "a", native: { coil(40) })],
      predictors: [
        Predictor(name: "mine", folder: "\(folder.path)/mine", weights: weights),
        Predictor(name: "theirs", folder: "\(folder.path)/theirs"),
      ])
    _ = try EvaluationFiles(evaluation, seed: 1, version: "0").write(to: folder.path, plots: nil)
    struct Document: Decodable { let predictor_weights: [String: PredictorWeights] }
    let data = try Data(contentsOf: URL(fileURLWithPath: "\(folder.path)/evaluation.json"))
    #expect(
      try JSONDecoder().decode(Document.self, from: data).predictor_weights == ["mine": weights])
    let page = try String(contentsOfFile: "\(folder.path)/report.html", encoding: .utf8)
    #expect(page.contains(weights.file) && page.contains(weights.checksum))
  }

  @Test("a perfect prediction scores 1 on chains and domains, a rough one less")
  func scores() throws {
    let (_, evaluation) = try Self.set()
    for row in evaluation.rows {
      let value = try #require(Metric.gdtHA.value(row.scores))
      #expect(row.predictor == "exact" ? value == 1 : value < 1, "\(row.predictor) \(row.target)")
    }
    let domains = evaluation.rows.filter { $0.unit != "whole" && $0.predictor == "exact" }
    #expect(domains.map(\.unit) == ["t1-D1", "t1-D2"])
    #expect(domains.allSatisfy { $0.scores.referenceResidues == 20 })
  }

  @Test("buckets hold the targets of their lengths and alignment rows")
  func buckets() throws {
    let (_, evaluation) = try Self.set()
    let found = evaluation.summaries(seed: 1).filter {
      $0.predictor == "exact" && $0.scope == .chains
    }
    let counts = Dictionary(uniqueKeysWithValues: found.map { ($0.bucket, $0.count) })
    #expect(
      counts == [
        "all": 3, "common": 2, "residues 0–99": 2, "residues 100–399": 1, "alignment rows 0–99": 1,
        "alignment rows 100–499": 1, "alignment rows 500 or more": 1,
      ])
  }

  @Test("predictors are compared on what both predicted")
  func pairs() throws {
    let (_, evaluation) = try Self.set()
    let pair = try #require(
      evaluation.comparisonsOfPredictors(seed: 1).first {
        $0.scope == .chains && $0.metric == .gdtTS
      })
    #expect(pair.count == 2)
    #expect(pair.difference.value > 0)
    #expect(pair.test.pValue == 0.5, "two differences of one sign: 2 of 4 patterns")
  }

  @Test("domains follow the sequence although the native is numbered otherwise")
  func renumberedNative() throws {
    let domains = [DomainRange(name: "D1", ranges: [1...15])]
    let whole = coil(40, firstNumber: 301)
    var cut = whole
    cut.models[0].chains[0].residues.removeSubrange(5..<8)
    for (native, count) in [(whole, 15), (cut, 12)] {
      let report = try ScoreReport(
        model: coil(40), reference: native, domains: domains, countsAlongModel: true)
      #expect(report.domains.first?.scores.referenceResidues == count)
      #expect(report.domains.first?.scores.superposed.gdtHA == 1)
    }
  }

  @Test(
    "of a PDB entry the target's ranges are its native, of another file all residues",
    arguments: [
      ("1ABC", Array(11...20) + Array(31...40)), ("OTHER", Array(1...60)),
    ])
  func nativeRanges(entry: String, numbers: [Int]) throws {
    let folder = try ScratchFolder()
    let header =
      "HEADER    TEST" + String(repeating: " ", count: 36) + "01-JAN-20   \(entry.prefix(4))\n"
    try folder.write(header + (try PDBWriter.text(of: coil(60))), to: "x.pdb")
    try folder.write(
      """
      {"name": "n", "targets": [{"id": "x", "pdb": "1ABC", "chain": "A", "native_ranges": "11-20+31-40",
        "source": "s"}]}
      """, to: "set.json")
    let target = try #require(try EvaluationTarget.read(manifest: "\(folder.path)/set.json").first)
    let native = try #require(try target.native?())
    #expect(native.models[0].chains[0].residues.map(\.number) == numbers)
  }

  /// A prediction of 40 residues for a target of 44.
  private func short(_ domains: [DomainRange] = []) throws -> (ScratchFolder, Evaluation) {
    let folder = try ScratchFolder()
    try folder.write(try PDBWriter.text(of: coil(40)), to: "p/a.pdb")
    let target = EvaluationTarget(id: "a", domains: domains, native: { coil(44) })
    let predictor = Predictor(name: "p", folder: "\(folder.path)/p")
    return (folder, Evaluation(name: "s", targets: [target], predictors: [predictor]))
  }

  @Test("what a reader of scores should know is in rows, files, text and page")
  func notes() throws {
    let (folder, evaluation) = try short()
    let note = "the model lacks 4 of 44 residues"
    #expect(evaluation.rows.map(\.notes) == [[note]])
    #expect(evaluation.text(seed: 1).contains("note: a by p: \(note)"))
    let files = EvaluationFiles(evaluation, seed: 1, version: "0")
    let lines = files.scoresCSV.split(separator: "\n")
    #expect(lines.first?.hasSuffix(",model_chain,reference_chain,notes") == true)
    #expect(lines.last?.hasSuffix(",\(note)") == true)
    let out = "\(folder.path)/out"
    _ = try files.write(to: out, plots: nil)
    for name in ["evaluation.json", "report.html"] {
      #expect(try String(contentsOfFile: "\(out)/\(name)", encoding: .utf8).contains(note))
    }
  }

  @Test("a domain called whole is no chain")
  func domainCalledWhole() throws {
    let (_, evaluation) = try short([DomainRange(name: "whole", ranges: [1...20])])
    #expect(evaluation.rows.map(\.scope) == [.chains, .domains])
    #expect(evaluation.rows(.chains, of: "p").map(\.scores.referenceResidues) == [44])
  }

  @Test("a domain that the native lacks is left out with a note, and the rest is scored")
  func emptyDomain() throws {
    let (_, evaluation) = try short(
      [DomainRange(name: "D1", ranges: [90...95]), DomainRange(name: "D2", ranges: [1...20])])
    #expect(evaluation.gaps.isEmpty)
    #expect(evaluation.rows.map(\.unit) == ["whole", "D2"])
    let note = "domain D1 (90-95) holds no residue of the reference; along the model it has 1 to "
    #expect(evaluation.rows.allSatisfy { $0.notes.contains { $0.hasPrefix(note) } })
  }

  @Test("a native that the manifest names and that is not there has no substitute")
  func missingNative() throws {
    let folder = try ScratchFolder()
    try folder.write(try PDBWriter.text(of: coil(20)), to: "x.pdb")
    try folder.write(
      #"{"name": "n", "targets": [{"id": "x", "native": "missing.pdb", "source": "s"}]}"#,
      to: "set.json")
    let evaluation = Evaluation(
      name: "n", targets: try EvaluationTarget.read(manifest: "\(folder.path)/set.json"),
      predictors: [Predictor(name: "p", folder: folder.path)])
    #expect(evaluation.rows.isEmpty)
    #expect(evaluation.gaps.map(\.isFailure) == [true])
    #expect(evaluation.gaps.first?.reason.contains("missing.pdb") == true)
  }

  @Test("a prediction is the best model of its folder, else the file of its name")
  func predictionFile() throws {
    let folder = try ScratchFolder()
    func found() -> String? {
      EvaluationTarget.file(of: "x", in: folder.path, isNative: false)
        .map { String($0.dropFirst(folder.path.count + 1)) }
    }
    #expect(found() == nil)
    for name in ["x/x.cif", "x.pdb.gz", "x.pdb", "x/ranked_0.cif", "x/ranked_0.pdb"] {
      try folder.write("END\n", to: name)
      #expect(found() == name)
    }
  }

  @Test("files hold every row, and the page needs no network")
  func files() throws {
    let (folder, evaluation) = try Self.set()
    let out = "\(folder.path)/out"
    let paths = try EvaluationFiles(evaluation, seed: 1, version: "0").write(to: out, plots: .png)
    #expect(paths.count == 4 + 4)
    for path in paths { #expect(FileManager.default.fileExists(atPath: path)) }
    let csv = try String(contentsOfFile: "\(out)/scores.csv", encoding: .utf8)
    #expect(csv.split(separator: "\n").count == 1 + evaluation.rows.count)
    let json = try JSONSerialization.jsonObject(
      with: Data(contentsOf: URL(fileURLWithPath: "\(out)/evaluation.json")))
    #expect(((json as? [String: Any])?["rows"] as? [Any])?.count == evaluation.rows.count)
    let html = try String(contentsOfFile: "\(out)/report.html", encoding: .utf8)
    #expect(html.contains("no native structure") && html.contains("Wilcoxon"))
    let rest = html.replacingOccurrences(of: "http://www.w3.org/2000/svg", with: "")
    #expect(!rest.contains("http:") && !rest.contains("https:"))
  }

  @Test(
    "cells of CSV are quoted where they must be, and never formulas",
    arguments: [
      ("a", "a"), ("a,b", "\"a,b\""), ("a\"b", "\"a\"\"b\""), ("=1+1", "'=1+1"), ("", ""),
    ])
  func csvCells(text: String, cell: String) { #expect(EvaluationFiles.cell(text) == cell) }

  @Test("a folder without manifest is a set of its structure files")
  func plainFolder() throws {
    let folder = try ScratchFolder()
    let text = try PDBWriter.text(of: coil(10))
    for name in ["a.pdb", "native_b.pdb", "c/native_c.pdb", "notes.txt"] {
      try folder.write(text, to: name)
    }
    #expect(try EvaluationTarget.read(folder: folder.path).map(\.id) == ["a", "b", "c"])
    let empty = try ScratchFolder()
    #expect(throws: EvaluationError.self) { try EvaluationTarget.read(folder: empty.path) }
  }
}
