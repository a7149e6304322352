import Foundation
import Protein
import Scoring
import Testing

@testable import Reports

@Suite("Report pages")
struct PageTests {
  static func report(_ count: Int = 30, target: String = "helix") -> PredictionReport {
    var report = PredictionReport(
      target: target,
      entries: [
        .init(
          structure: helixPrediction(count),
          alignedError: [Float](repeating: 3, count: count * count),
          maxAlignedError: 31.75, contacts: [Float](repeating: 0.2, count: count * count),
          history: [(50, nil), (70, 0.4)], provenance: [("weights", "a.npz"), ("seed", "0")]),
        .init(
          structure: helixPrediction(count, model: "model_2"), history: [(49, nil)],
          provenance: [("weights", "b.npz"), ("seed", "0")]),
      ])
    report.depths = [
      (0.5, [Int](repeating: 5, count: count)), (0, [Int](repeating: 2, count: count)),
    ]
    report.rows = 7
    report.neff = 3.25
    report.timings = [("features", 0.25)]
    return report
  }

  @Test("the page holds every plot, the viewer and where the numbers come from")
  func complete() throws {
    let html = try Self.report().page().html
    for text in [
      "Confidence along the chain", "Predicted aligned error", "Contacts of the distogram",
      "Depth of the alignment", "Mean confidence after each pass", "id=\"view\"",
      "model_1: a.npz, model_2: b.npz",
      "effective sequences", "model_2",
    ] { #expect(html.contains(text), "\(text)") }
  }

  @Test("nothing on the page is fetched from anywhere")
  func selfContained() throws {
    let html = try Self.report().page().html
    // The name of the SVG format is an address that nobody visits.
    let rest = html.replacingOccurrences(of: "http://www.w3.org/2000/svg", with: "")
    #expect(!rest.contains("http:") && !rest.contains("https:"))
    #expect(!html.contains("src=") && !html.contains("<link") && !html.contains("@import"))
    #expect(!html.contains("fetch(") && !html.contains("XMLHttpRequest"))
    #expect(html.contains("default-src 'none'"))
  }

  @Test("hostile names stay text")
  func hostileNames() throws {
    let name = "</script><script>alert(1)</script><img src=x onerror=alert(1)>\"'&"
    var report = Self.report(target: name)
    report.entries[0].structure.modelName = name
    report.entries[0].provenance[0].value = name
    report.warnings = [name]
    report.timings[0].name = name
    let html = try report.page().html
    #expect(!html.contains("<script>alert") && !html.contains("<img"))
    #expect(html.components(separatedBy: "<script").count == 5, "one of data, three of code")
  }

  @Test("the page of 3000 residues and five predictions is under 8 MiB")
  func size() throws {
    let count = 3000
    var entries = (1...5).map {
      PredictionReport.Entry(structure: helixPrediction(count, model: "model_\($0)"))
    }
    // Noise packs worst.
    entries[0].alignedError = (0..<count * count).map { Float(($0 &* 2_654_435_761) >> 7 & 31) }
    entries[0].maxAlignedError = 31
    let html = try PredictionReport(target: "large", entries: entries).page().html
    #expect(html.utf8.count < 8 << 20)
  }

  @Test("a reference is laid under the prediction and scored")
  func reference() throws {
    var report = Self.report()
    let moved = idealHelix(30).map { residue in
      var residue = residue
      for index in residue.atoms.indices { residue.atoms[index].position += SIMD3(50, -20, 3) }
      return residue
    }
    report.reference = Structure(models: [Model(chains: [Chain(id: "B", residues: moved)])])
    let page = try report.page()
    let scene = try #require(page.scenes.first)
    let alphas = zip(scene.model.residues, try #require(scene.reference).residues).map {
      ($0.standardAtoms[.ca]?.position ?? .zero, $1.standardAtoms[.ca]?.position ?? .zero)
    }
    #expect(alphas.count == 30)
    for (a, b) in alphas { #expect(((a - b) * (a - b)).sum() < 1e-4) }
    #expect(page.figures.contains { $0 == ("1.000", "TM-score") })
    let track = try #require(scene.model.tracks.first { $0.name == "lDDT" })
    #expect(track.values == [Double?](repeating: 100, count: 30))
    let tables = page.sections.compactMap { section -> ReportPage.Table? in
      if case .table(let table) = section { table } else { nil }
    }
    let ranking = try #require(tables.first { $0.title == "Predictions" })
    let columns = [
      "model", "mean pLDDT", "pTM", "passes", "TM-score", "GDT-TS", "lDDT", "lDDT-CA", "RMSD95, Å",
    ]
    #expect(ranking.head == columns)
    #expect(
      ranking.rows.first?.dropFirst(2) == [
        "–", "2", "1.0000", "1.0000", "1.0000", "1.0000", "0.00",
      ])
  }

  @Test("without a reference predictions lie on the best one")
  func superposed() throws {
    var report = Self.report()
    let positions = report.entries[1].structure.positions
    // A quarter turn about z, and away.
    for start in stride(from: 0, to: positions.count, by: 3) {
      report.entries[1].structure.positions[start] = 40 - positions[start + 1]
      report.entries[1].structure.positions[start + 1] = positions[start]
    }
    let scenes = try report.page().scenes
    try #require(scenes.count == 2)
    for (a, b) in zip(scenes[0].model.residues, scenes[1].model.residues) {
      let step =
        try #require(a.standardAtoms[.ca]).position
        - #require(b.standardAtoms[.ca]).position
      #expect((step * step).sum() < 1e-4)
    }
  }

  @Test(
    "the script learns the bands of confidence from the page, and that its scenes are one chain")
  func scriptData() throws {
    let html = try Self.report().page().html
    let start = try #require(html.range(of: "id=\"scenes\">"))
    let rest = html[start.upperBound...]
    let text = rest[..<(try #require(rest.range(of: "</script>")).lowerBound)]
    let data = try #require(
      try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
    #expect(data["isOneChain"] as? Bool == true)
    #expect(
      (data["scenes"] as? [[String: Any]])?.compactMap { $0["name"] as? String } == [
        "model_1", "model_2",
      ])
    let bands = try #require(data["bands"] as? [[String: Any]])
    #expect(bands.compactMap { $0["least"] as? Int } == [90, 70, 50, 0])
    #expect(
      bands.compactMap { $0["color"] as? String } == [
        "#0053d6", "#65cbf3", "#ffdb13", "#ff7d45",
      ])
    #expect(bands.first?["name"] as? String == "very high")
  }

  @Test("numbers stand to the right below a head, beside names they do not")
  func numberCells() {
    var page = ReportPage(title: "t", lead: "l", footer: "f")
    page.sections = [
      .table(.init(title: "a", head: ["model", "TM"], rows: [["m", "0.5"], ["n", "–"]])),
      .table(.init(title: "b", rows: [["seed", "7"]])),
    ]
    let html = page.html
    #expect(html.contains("<td class=\"number\">0.5</td>"))
    #expect(html.contains("<td class=\"number\">–</td>"))
    #expect(html.contains("<td>7</td>"))
  }

  @Test("counts such as 13 of 14 are numbers, and what follows a line end is small")
  func cellLines() {
    var page = ReportPage(title: "t", lead: "l", footer: "f")
    page.sections = [
      .table(
        .init(title: "a", head: ["model", "n", "m"], rows: [["m", "13 of 14", "0.5\n[0, 1]"]]))
    ]
    let html = page.html
    #expect(html.contains("<td class=\"number\">13 of 14</td>"))
    #expect(html.contains("<td class=\"number\">0.5<br><small>[0, 1]</small></td>"))
  }

  @Test("a wide drawing scrolls by itself, by keyboard too, and words below say how to read it")
  func wideDrawing() {
    var page = ReportPage(title: "t", lead: "l", footer: "f")
    let figures = [
      PredictionPlot.confidence([("a", [10, 55, 75, 95])]),
      PredictionPlot.alignedError([0, 9, 9, 0], residues: 2, maximum: 31),
    ]
    page.sections = [.plots(figures)]
    let html = page.html
    let region = "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\""
    #expect(html.contains("<section class=\"wide\">\(region)Confidence along the chain\"><svg"))
    #expect(html.components(separatedBy: region).count == 2)
    for text in ["very low (under 50)", "low (50–70)", "confident (70–90)", "very high (over 90)"] {
      #expect(html.contains(">\(text)</text>"), "\(text)")
    }
    for figure in figures {
      let caption = figure.caption ?? "none"
      #expect(html.contains("<p class=\"note\">\(caption)</p>"), "\(figure.title)")
    }
  }

  @Test("values just below a band stay below it")
  func trackValues() throws {
    var trace = ChainTrace(idealHelix(3))
    trace.add(track: "lDDT", ["1": 49.96, "2": 69.994, "3": nil])
    #expect(trace.json.contains("\"lDDT\":[49.96,69.99,null]"))
  }

  @Test("a reference of another protein is a warning, not the end of the report")
  func wrongReference() throws {
    var report = Self.report()
    let glycine = idealHelix(30).map { residue in
      var residue = residue
      residue.name = "GLY"
      return residue
    }
    report.reference = Structure(models: [Model(chains: [Chain(id: "B", residues: glycine)])])
    let page = try report.page()
    #expect(page.warnings.contains { $0.contains("different sequences") })
    #expect(page.scenes.count == 2)
    // Said before, by whoever made the report, it is not said again.
    report.warnings = page.warnings.map {
      $0.replacingOccurrences(of: "The reference cannot be laid", with: "It cannot be laid")
    }
    #expect(try report.page().warnings == report.warnings)
  }

  @Test("broken peptide bonds stand beside the predictions they were counted in")
  func brokenBonds() throws {
    var report = Self.report()
    report.entries[0].brokenBonds = 7
    let tables = try report.page().sections.compactMap { section -> ReportPage.Table? in
      if case .table(let table) = section { table } else { nil }
    }
    let table = try #require(tables.first { $0.title == "Predictions" })
    let column = try #require(table.head.firstIndex(of: "broken bonds"))
    #expect(table.rows.map { $0[column] } == ["7", "–"])
  }

  @Test("an ideal helix is a helix but for its ends, an extended chain is coil")
  func secondaryStructure() {
    let helix = SecondaryStructure.assign(idealHelix(20))
    #expect(helix.filter { $0 == .helix }.count >= 16)
    let stretched = idealHelix(20).enumerated().map { index, residue in
      var residue = residue
      for atom in residue.atoms.indices {
        residue.atoms[atom].position += SIMD3(0, 0, 3 * Double(index))
      }
      return residue
    }
    #expect(SecondaryStructure.assign(stretched).allSatisfy { $0 == .coil })
  }

  // Antiparallel O and H of residues 2 and 13, 4 and 11, 6 and 9 are bonded; parallel O of 0, 2, 4 to H of 8, 10, 12, whose O are
  // bonded to H of 2, 4, 6. A strand is from the first bridge to the last.
  @Test(
    "two strands side by side are strands from their first bridge to the last",
    arguments: [(true, "CCEEEEECCEEEEE"), (false, "CEEEEECCEEEEEC")])
  func strands(antiparallel: Bool, kinds: String) {
    let found = SecondaryStructure.assign(idealStrands(antiparallel: antiparallel))
    #expect(String(found.map(\.rawValue)) == kinds)
    let alone = SecondaryStructure.assign(
      Array(idealStrands(antiparallel: antiparallel).prefix(7)))
    #expect(alone.allSatisfy { $0 == .coil })
  }

  // A turn from residue i ends at the hydrogen of i + 4; a helix begins where two follow each other.
  @Test("prolines have no hydrogen to bind, and interrupt a helix")
  func prolines() {
    let residues = idealHelix(28).enumerated().map { index, residue in
      var residue = residue
      if (12..<17).contains(index) { residue.name = "PRO" }
      return residue
    }
    let kinds = SecondaryStructure.assign(residues)
    #expect(kinds[1...8].allSatisfy { $0 == .helix })
    #expect(kinds[17...24].allSatisfy { $0 == .helix })
    #expect(kinds[9...16].contains(.coil))
  }

  // Numbered by their places, C=O of 8 and H of 11 beyond the gap look like a turn of three.
  @Test("no turn or hydrogen goes over a gap of the chain")
  func gaps() {
    var residues = idealHelix(24)
    residues.remove(at: 10)
    let kinds = SecondaryStructure.assign(residues)
    let apart = [residues.prefix(10), residues.dropFirst(10)].map {
      SecondaryStructure.assign(Array($0))
    }
    #expect(kinds == apart[0] + apart[1])
    #expect(kinds[1...8].allSatisfy { $0 == .helix } && kinds[11...20].allSatisfy { $0 == .helix })
    #expect(kinds[9] == .coil && kinds[10] == .coil)
  }

  @Test("JSON of a chain decodes to its residues and coordinates")
  func traceJSON() throws {
    let trace = ChainTrace(idealHelix(5), confidence: true)
    let object = try #require(
      try JSONSerialization.jsonObject(with: Data(trace.json.utf8)) as? [String: Any])
    #expect(object["letters"] as? String == "AAAAA")
    #expect((object["tracks"] as? [String: [Double]])?["pLDDT"] == [40, 41, 42, 43, 44])
    let points = try #require((object["points"] as? String).flatMap { Data(base64Encoded: $0) })
    #expect(points.count == 5 * 6 * 4)
    let values = points.withUnsafeBytes { bytes in
      (0..<30).map {
        Float(
          bitPattern: UInt32(
            littleEndian: bytes.loadUnaligned(fromByteOffset: 4 * $0, as: UInt32.self)))
      }
    }
    #expect(values[0] == 2.29 && values[1] == 0 && values[2] == 0)
    let last = try #require(idealHelix(5)[4].standardAtoms[.o]).position
    #expect(Array(values[27...]) == [Float(last.x), Float(last.y), Float(last.z)])
  }

  @Test("a chain says where its residues stand along that of the plots, which has more")
  func tracePlaces() throws {
    var trace = ChainTrace(idealHelix(5))
    #expect(!trace.json.contains("places"))
    trace.place(along: [0, 1, 2, 9, 3, 4])
    let object = try #require(
      try JSONSerialization.jsonObject(with: Data(trace.json.utf8)) as? [String: Any])
    #expect(object["labels"] as? [String] == ["1", "2", "3", "4", "5"])
    #expect(object["places"] as? [Int] == [1, 2, 4, 5, -1])
  }

  @Test("a chain is interrupted where C-alphas are over 4.5 Å apart")
  func traceBreaks() throws {
    var residues = idealHelix(8)
    residues.removeSubrange(4..<6)
    let object = try #require(
      try JSONSerialization.jsonObject(with: Data(ChainTrace(residues).json.utf8))
        as? [String: Any])
    #expect(object["breaks"] as? [Int] == [4])
  }

  @Test("a page without structures has no script")
  func withoutScenes() {
    let html = ReportPage(title: "t", lead: "l", footer: "f").html
    #expect(!html.contains("<script"))
  }
}
