import FeaturePipeline
import Foundation
import Protein
import Testing

@testable import Evidence

/// Comparison with AlphaFold's own template code; Fixtures/make_template_cases.py makes the cases.
struct TemplateOracleTests {
  struct Expected: Decodable {
    struct Verdict: Decodable {
      let hit: Int
      let error: String?
    }
    struct Template: Decodable {
      let name, sequence: String
      let sum_probs: Double
      /// Residue, atom37 place, x, y, z.
      let atoms: [[Double]]
    }
    let verdicts: [Verdict]
    let templates: [Template]
  }

  struct Case {
    let expected: Expected
    let target: String
    let templates: [AlignedTemplate]
    let table: TemplateTable

    init(_ folder: URL) throws {
      func text(_ name: String) throws -> InputText {
        try InputText(path: folder.appendingPathComponent(name).path)
      }
      expected = try JSONDecoder().decode(
        Expected.self, from: Data(try text("expected.json").bytes))
      let settings = try JSONDecoder().decode(
        [String: String].self, from: Data(try text("settings.json").bytes))
      target = try #require(FASTA.records(in: text("target.fasta")).first).sequence.get().letters
      let root = folder.deletingLastPathComponent()
      var dates = EntryDates()
      dates.addReleaseDates(try InputText(path: root.appendingPathComponent("dates.txt").path))
      dates.addObsolete(try InputText(path: root.appendingPathComponent("obsolete.dat").path))
      let builder = TemplateBuilder(
        structures: StructureFolder(path: root.appendingPathComponent("mmcif").path),
        settings: try #require(TemplateSettings(cutoff: settings["cutoff"] ?? "")), dates: dates)
      let hits = try HHRFile.parse(text("hits.hhr"))
      #expect(hits.skipped.isEmpty)
      (templates, table) = builder.templates(for: target, hits: hits.hits)
    }
  }

  static let madeUp = Bundle.module.resourceURL?.appendingPathComponent(
    "Fixtures/templates/every_reason")

  @Test("made-up hits: the same are used, in the same order, as by AlphaFold's code")
  func verdicts() throws {
    let result = try Case(try #require(Self.madeUp))
    #expect(result.table.rows.map(\.hit) == result.expected.verdicts.map(\.hit))
    #expect(
      result.table.rows.map { $0.template != nil }
        == result.expected.verdicts.map { $0.error == nil })
  }

  @Test("made-up hits: every atom of every template equals AlphaFold's")
  func atoms() throws {
    let result = try Case(try #require(Self.madeUp))
    #expect(result.templates.count == result.expected.templates.count)
    for (found, expected) in zip(result.templates, result.expected.templates) {
      #expect(differences(found, expected) == [])
    }
  }

  @Test("made-up hits: the table says why each hit was left out")
  func reasons() throws {
    let rows = try Case(try #require(Self.madeUp)).table.rows
    func reason(_ hit: Int) -> String { rows.first { $0.hit == hit }?.reason ?? "" }
    let expected: [Int: String] = [
      4: "found in chain A instead of C",
      5: "chain Q is not a protein chain of the structure, which has A, B",
      6: "the chain has 2 residues in common with the 12 of the hit, 90 % are needed",
      7: "released 2020-01-01, after the cut-off 2010-01-01",
      8: "entry 1aaf states no release date, which the cut-off date needs",
      9: "CA of residues 8 and 9 are 203 Å apart",
      10: "the aligned residues have 1 atom, 5 are needed",
      11: "the structure has no protein chain",
      12: "the hit differs from chain A and was aligned to it again",
      13: "found in chain A with X for any residue",
      14: "released 2021-05-05, after the cut-off 2010-01-01",
      15: "entry 9zzz is obsolete and has no successor",
      18: "aligns 2 of the target's 20 residues, more than 10 % are needed",
      19: "is a part of the target itself: 20 of 20 residues",
      20: "has 9 aligned residues, at least 10 are needed",
      22: "the name 'nonsense' does not begin with PDBID_chain",
    ]
    for (hit, text) in expected { #expect(reason(hit) == text, "hit \(hit)") }
    #expect(reason(17).hasPrefix("no structure file of entry 1aam in "))
  }

  static let realCases: [URL] = {
    guard let path = ProcessInfo.processInfo.environment["HELIXFOLD_TEMPLATE_CASES"] else {
      return []
    }
    let root = URL(fileURLWithPath: path)
    let names = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
    return names.sorted().map(root.appendingPathComponent).filter {
      FileManager.default.fileExists(atPath: $0.appendingPathComponent("hits.hhr").path)
    }
  }()

  @Test(
    "real chains: hits used and all atoms equal AlphaFold's",
    .enabled(if: !realCases.isEmpty, "set HELIXFOLD_TEMPLATE_CASES to a folder of cases"),
    arguments: realCases)
  func realChains(folder: URL) throws {
    let result = try Case(folder)
    #expect(
      result.table.rows.map { $0.template != nil }
        == result.expected.verdicts.map { $0.error == nil },
      "\(result.table.text)")
    #expect(result.templates.count == result.expected.templates.count)
    for (found, expected) in zip(result.templates, result.expected.templates) {
      #expect(differences(found, expected) == [], "\(folder.lastPathComponent) \(expected.name)")
    }
  }

  /// What differs, at most three lines.
  private func differences(
    _ found: AlignedTemplate, _ expected: Expected.Template
  ) -> [String] {
    var result: [String] = []
    if found.name != expected.name { result.append("name \(found.name) \(expected.name)") }
    if found.sequence.text != expected.sequence {
      result.append("sequence \(found.sequence.text) \(expected.sequence)")
    }
    if abs(Double(found.sumOfProbabilities) - expected.sum_probs) > 1e-4 {
      result.append("sum_probs")
    }
    if found.atoms != expected.atoms.count {
      result.append("\(found.atoms) atoms, expected \(expected.atoms.count)")
    }
    for atom in expected.atoms where result.count < 3 {
      let slot = Int(atom[0]) * AtomName.count + Int(atom[1])
      let position = (0..<3).map { Double(found.positions[slot * 3 + $0]) }
      // Coordinates have three decimals in the files; Float holds them to 1e-4 Å below 1,000 Å.
      let isEqual = zip(position, atom[2...]).allSatisfy { abs($0 - $1) < 1.5e-3 }
      if found.mask[slot] != 1 || !isEqual {
        result.append("atom \(Int(atom[1])) of residue \(Int(atom[0])): \(position) \(atom[2...])")
      }
    }
    return result
  }
}
