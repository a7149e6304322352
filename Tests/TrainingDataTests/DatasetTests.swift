import BasicTestSupport
import FeaturePipeline
import FoldingCore
import Foundation
import NumericArrays
import Protein
import Testing
import TrainingTestSupport

@testable import TrainingData

@Suite("Building a training store")
struct DatasetTests {
  private let codes: [Character: String] = [
    "A": "ALA", "G": "GLY", "S": "SER", "V": "VAL", "L": "LEU",
  ]

  /// A PDB file of alanines (or another residue) on a line, numbered from `first`; the first lies where number `place` would.
  private func pdb(
    _ residues: String, first: Int = 1, place: Int = 1, chain: Character = "A",
    broken: String? = nil
  ) -> String {
    var lines: [String] = []
    var serial = 1
    for (index, letter) in residues.enumerated() {
      for (name, offset) in [("N", 0.0), ("CA", 1.4), ("C", 2.8)] {
        let x = broken ?? String(format: "%8.3f", Double(index + place - 1) * 3.8 + offset)
        lines.append(
          String(
            format: "ATOM  %5d  %@ %@ %@%4d    ", serial,
            name.padding(toLength: 3, withPad: " ", startingAt: 0),
            codes[letter] ?? "ALA", String(chain), first + index)
            + x
            + String(
              format: "%8.3f%8.3f%6.2f%6.2f           %@", offset, 0.0, 1.0, 0.0,
              String(name.prefix(1))))
        serial += 1
      }
    }
    return lines.joined(separator: "\n") + "\nEND\n"
  }

  private let sequence = "AGSVLLASGVGGLAVSSAVLGSALG"

  /// An mmCIF file of chain A with a free glutamate as another chain of the dictionary's.
  ///
  /// - Parameter place: of the glutamate in a polymer, `.` for none.
  private func cif(_ residues: String, ligandPlace place: String) -> String {
    let items = [
      "group_PDB", "label_atom_id", "label_comp_id", "label_asym_id", "label_seq_id",
      "auth_seq_id", "auth_asym_id", "Cartn_x", "Cartn_y", "Cartn_z",
    ]
    var rows: [String] = []
    for (name, offset) in [("N", 0.0), ("CA", 1.4), ("C", 2.8)] {
      for (index, letter) in residues.enumerated() {
        let (number, x) = (index + 1, Double(index) * 3.8 + offset)
        rows.append(
          "ATOM \(name) \(codes[letter] ?? "ALA") A \(number) \(number) A \(x) \(offset) 0")
      }
      rows.append("HETATM \(name) GLU B \(place) 901 A \(50 + offset) \(offset) 9")
    }
    return "data_x\nloop_\n" + items.map { "_atom_site.\($0)\n" }.joined()
      + rows.joined(separator: "\n") + "\n"
  }

  @Test(
    "a free amino acid is no second chain: name and alignment stay the file's",
    arguments: [".", "1"])
  func freeAminoAcid(place: String) throws {
    let scratch = try ScratchFolder()
    try write(cif(sequence, ligandPlace: place), scratch.file("in/lig.cif"))
    try write(
      ">lig\n\(sequence)\n>x\n\(sequence.replacing("V", with: "L"))\n", scratch.file("in/lig.a3m"))
    let report = try DatasetBuilder(program: "test").build(
      try ChainSource.find(at: scratch.file("in"), evidence: []), to: scratch.file("out.h5"))
    #expect(report.rows.map(\.id) == ["lig"])
    #expect(report.rows.map(\.alignmentRows) == [2])
  }

  @Test("limits that are no numbers or no shares are named")
  func limits() {
    let wrong: [(inout DatasetFilter) -> Void] = [
      { $0.maximumResolution = .nan }, { $0.maximumResolution = .infinity },
      { $0.maximumResidueShare = .nan }, { $0.maximumResidueShare = 1.5 },
      { $0.minimumResolvedShare = .nan }, { $0.minimumResolvedShare = -0.1 },
      { $0.minimumLength = 0 }, { $0.maximumLength = 3 },
      { $0.lastRelease = "2018" }, { $0.lastRelease = "2018-02-30" },
    ]
    for change in wrong {
      var filter = DatasetFilter()
      #expect(filter.problem == nil)
      change(&filter)
      #expect(filter.problem != nil)
    }
  }

  @Test("with a last day of release, later chains and those of unknown release are left out")
  func lastRelease() {
    var filter = DatasetFilter()
    func kind(_ release: String?) -> String? {
      let aatype = (0..<20).map { UInt8($0) }
      let mask = NDArray<Float>(repeating: 1, shape: [20, 37])
      return filter.objection(
        aatype: aatype, rows: 1, mask: mask, resolution: nil, release: release)?.kind
    }
    #expect(kind(nil) == nil && kind("2030-01-01") == nil)
    filter.lastRelease = "2018"
    #expect(filter.problem == "--max-release-date is '2018', expected a day YYYY-MM-DD")
    filter.lastRelease = "2018-04-30"
    #expect(kind("2018-04-30") == nil && kind("2009-12-31") == nil)
    #expect(kind("2018-05-01") == "release" && kind(nil) == "release")
  }

  @Test("a chain at a limit is kept, one beyond it is left out with the reason")
  func bounds() {
    var filter = DatasetFilter()
    (filter.minimumLength, filter.maximumLength, filter.minimumRows) = (10, 20, 3)
    (filter.maximumResolution, filter.maximumResidueShare) = (4, 0.5)
    func kind(
      _ length: Int = 20, rows: Int = 3, resolution: Float? = 4, alanines: Int = 10,
      resolved: Int = 10
    ) -> String? {
      let aatype = (0..<length).map { UInt8($0 < alanines ? 0 : 1 + $0 % 19) }
      var mask = NDArray<Float>(repeating: 0, shape: [length, 37])
      for cell in 0..<resolved * 37 { mask.values[cell] = 1 }
      return filter.objection(aatype: aatype, rows: rows, mask: mask, resolution: resolution)?.kind
    }
    #expect(kind() == nil && kind(resolution: nil) == nil)
    #expect(kind(10, alanines: 5, resolved: 5) == nil)
    #expect(kind(9, alanines: 4, resolved: 9) == "length")
    #expect(kind(21, resolved: 21) == "length")
    #expect(kind(resolution: 4.01) == "resolution")
    #expect(kind(rows: 2) == "rows")
    #expect(kind(alanines: 11) == "residue_share")
    #expect(kind(resolved: 9) == "missing_atoms")
  }

  @Test("aligned residues of unknown kind keep their atoms, those of another kind lose them")
  func otherResidues() throws {
    let letters = Array("AGSVLLASGVGGLAVSSAVLGSALG")
    let residues = letters.enumerated().map { index, letter in
      Residue(
        name: index == 7 ? "UNK" : index == 15 ? "TRP" : codes[letter] ?? "", number: index + 1,
        atoms: [("N", -1.4), ("CA", 0), ("C", 1.4)].map { name, offset in
          Atom(
            name: name, element: String(name.prefix(1)),
            position: SIMD3(3.8 * Double(index) + offset, 0, 0))
        })
    }
    let (positions, mask) = try ChainLabels.place(
      residues, of: Chain(id: "A", residues: residues), on: try ProteinSequence(sequence))
    #expect((0..<25).filter { mask.values[$0 * 37 + 1] == 0 } == [15])
    #expect(positions.values[(7 * 37 + 1) * 3] == 26.6)
  }

  @Test("all alignments in a chain's folder are joined, as they are for a prediction")
  func severalAlignments() throws {
    let scratch = try ScratchFolder()
    let folder = scratch.file("in")
    try write(pdb(sequence), folder + "/p.pdb")
    for (name, letter) in [("uniref90", "L"), ("bfd", "G")] {
      let row = sequence.replacing("V", with: letter)
      try write(">p\n\(sequence)\n>\(name)\n\(row)\n", scratch.file("ev/p/\(name).a3m"))
    }
    let sources = try ChainSource.find(at: folder, evidence: [scratch.file("ev")])
    _ = try DatasetBuilder(program: "test").build(sources, to: scratch.file("s.h5"))
    #expect(try FeatureStore(path: scratch.file("s.h5")).features(of: "p").rowCount == 3)
  }

  @Test("the report names the files of each chain; files that are named after none are counted")
  func strayEvidence() throws {
    let scratch = try ScratchFolder()
    for name in ["a", "b"] { try write(pdb(sequence), scratch.file("in/\(name).pdb")) }
    try write(">a\n\(sequence)\n", scratch.file("ev/a.a3m"))
    for name in ["b.A3M", "c.a3m", "d/x.sto", "notes.txt", ".e.a3m"] {
      try write(">x\n\(sequence)\n", scratch.file("ev/\(name)"))
    }
    let folder = scratch.file("ev")
    let report = try DatasetBuilder(program: "test").build(
      try ChainSource.find(at: scratch.file("in"), evidence: [folder]), to: scratch.file("s.h5"))
    #expect(report.rows.map(\.evidence) == [["\(folder)/a.a3m"], []])
    #expect(
      report.lines.last
        == "1 of 2 chains in the store has an alignment or a feature file; a chain without one is its own alignment"
    )
    let cells = report.table.split(separator: "\n").compactMap { $0.split(separator: "\t").last }
    #expect(cells == ["evidence", "\(folder)/a.a3m", "-"])

    let names = Set(report.rows.map(\.id))
    let strays = try StrayEvidence(in: [folder], chains: names)
    #expect(strays.paths == ["b.A3M", "c.a3m", "d/x.sto"].map { "\(folder)/\($0)" })
    #expect(try #require(strays.caution(report: "r.tsv")).hasPrefix("3 files under --msa belong"))
    let more = try StrayEvidence(in: [folder, folder], chains: names)
    #expect(try #require(more.caution(report: "r.tsv")).contains("d/x.sto, … (3 shown); name them"))
    #expect(
      try StrayEvidence(in: [folder], chains: ["a", "c", "d"]).caution(report: "r.tsv")
        == "1 file under --msa belongs to no chain: \(folder)/b.A3M; name them as the column 'chain' of r.tsv names the chains"
    )
    #expect(try StrayEvidence(in: [], chains: names).caution(report: "r.tsv") == nil)
  }

  @Test("empty cells of a table keep their columns")
  func emptyCells() throws {
    let scratch = try ScratchFolder()
    let text = "note\tchain\tcluster\tsplit\n\ta\tfamily\t\nx\tb\tother\texcluded\n"
    try write(text, scratch.file("t.tsv"))
    let table = try ClusterTable(path: scratch.file("t.tsv"))
    #expect(table.clusters == ["a": "family", "b": "other"] && table.excluded == ["b"])
  }

  @Test("structures and alignments become a store; every rejection has its reason")
  func build() throws {
    let scratch = try ScratchFolder()
    let folder = scratch.file("in")
    try write(pdb(sequence), folder + "/good.pdb")
    try write(
      ">good\n\(sequence)\n>x\n\(sequence.replacing("V", with: "L"))\n", folder + "/good.a3m")
    try write(pdb(String(sequence.dropFirst(5)), first: 6), folder + "/partial.pdb")
    try write(">partial\n\(sequence)\n", folder + "/partial.a3m")
    try write(pdb("AGSV"), folder + "/short.pdb")
    try write(pdb(String(repeating: "A", count: 30)), folder + "/uniform.pdb")
    try write(pdb(sequence, broken: "     nan"), folder + "/nan.pdb")
    // A copy of a barred chain that the table does not name, read before it.
    for name in ["a_copy", "barred"] {
      try write(pdb(sequence.replacing("V", with: "W")), folder + "/\(name).pdb")
    }
    try write(pdb(String(sequence.reversed())), folder + "/other.pdb")
    try write(">other\n\(sequence)\n", folder + "/other.a3m")
    try write("HEADER    NOTHING\nEND\n", folder + "/empty.pdb")
    try write(
      "chain\tcluster\tsplit\ngood\tfamily\ttraining\nbarred\tb\texcluded\n",
      scratch.file("clusters.tsv"))
    var builder = DatasetBuilder(program: "test")
    builder.clusters = try ClusterTable(path: scratch.file("clusters.tsv"))
    let path = scratch.file("out.h5")
    let report = try builder.build(try ChainSource.find(at: folder, evidence: []), to: path)
    let reasons = Dictionary(
      uniqueKeysWithValues: report.rows.map { ($0.id, $0.rejection?.kind ?? "kept") })
    #expect(
      reasons == [
        "good": "kept", "partial": "kept", "short": "length", "uniform": "residue_share",
        "nan": "unreadable", "barred": "excluded", "a_copy": "excluded", "other": "sequence",
        "empty": "unreadable",
      ])
    #expect(report.lines.first == "kept 2 of 9 chains")
    let store = try FeatureStore(path: path)
    // The table does not name the second, whose sequence is that of the first.
    #expect(store.entries.map(\.cluster) == ["family", "family"])
    #expect(try store.features(of: "good").rowCount == 2)
    let labels = try #require(try store.labels(of: "partial"))
    #expect(labels.mask.values[1] == 0 && labels.mask.values[5 * 37 + 1] == 1)
    #expect(labels.positions.values[(5 * 37 + 1) * 3] == 1.4)
    #expect(report.table.split(separator: "\n").count == 10)
    #expect(!report.table.contains("\n\n"))
  }

  /// A chain of which the residues of a range are missing.
  private func holed(_ residues: String, missing: ClosedRange<Int>) -> String {
    let (before, after) = (
      residues.prefix(missing.lowerBound - 1), residues.dropFirst(missing.upperBound)
    )
    let next = missing.upperBound + 1
    return pdb(String(before)).replacing("END\n", with: "")
      + pdb(String(after), first: next, place: next)
  }

  // Only the observed residues are in the alignment, as in many published training sets.
  @Test("a hole in a chain is a jump in its residue numbers")
  func hole() throws {
    let scratch = try ScratchFolder()
    let observed = sequence.prefix(9) + sequence.dropFirst(14)
    try write(holed(sequence, missing: 10...14), scratch.file("in/a.pdb"))
    try write(">a\n\(observed)\n", scratch.file("in/a.a3m"))
    _ = try DatasetBuilder(program: "test").build(
      try ChainSource.find(at: scratch.file("in"), evidence: []), to: scratch.file("out.h5"))
    let features = try FeatureStore(path: scratch.file("out.h5")).features(of: "a")
    #expect(features.residueIndex == Array(0..<9) + Array(14..<25))
  }

  // The letters observed are the same whether GSAV or AVGS is missing; the hole tells.
  @Test("residues at the edge of a hole are placed by coordinates", arguments: [4, 6])
  func edge(first: Int) throws {
    let whole = "AVLGSAVGSLVAGGLLSSAAVVLLG"
    let scratch = try ScratchFolder()
    try write(holed(whole, missing: first...first + 3), scratch.file("in/a.pdb"))
    try write(">a\n\(whole)\n", scratch.file("in/a.a3m"))
    _ = try DatasetBuilder(program: "test").build(
      try ChainSource.find(at: scratch.file("in"), evidence: []), to: scratch.file("out.h5"))
    let labels = try #require(
      try FeatureStore(path: scratch.file("out.h5")).labels(of: "a"))
    let known = (1...25).filter { labels.mask.values[($0 - 1) * 37 + 1] == 1 }
    #expect(known == (1...25).filter { !(first...first + 3).contains($0) })
  }

  @Test("the layout of the training archive is understood, backbones get an ideal CB")
  func archive() throws {
    let scratch = try ScratchFolder()
    let folder = scratch.file("in")
    try write("name\tlength\tresolution\n1abc_A\t25\t1.5\n", folder + "/chains.tsv")
    try write(pdb(sequence), folder + "/pdb/1abc_A.pdb")
    try write(">q\n\(sequence)\n", folder + "/a3m/1abc_A.a3m")
    // First residue of 1A2X_B's N, CA, C and centroid, repeated along x.
    let line = { (k: Int) in
      "\(Double(k) * 3.8 - 1.944) -4.582 6.038 \(Double(k) * 3.8 - 0.726) -5.224 6.629 \(Double(k) * 3.8 + 0.507) -4.327 6.593 0.48 -7.903 7.003"
    }
    let backbone =
      "\(sequence)\n\(String(repeating: "C", count: 25))\n"
      + (0..<25).map(line).joined(separator: "\n")
    try write(backbone + "\n", folder + "/cgdms_backbone/2XYZ_B.txt")
    let path = scratch.file("out.h5")
    let report = try DatasetBuilder(program: "test").build(
      try ChainSource.find(at: folder, evidence: []), to: path)
    #expect(report.lines.first == "kept 2 of 2 chains", "\(report.rejections)")
    let store = try FeatureStore(path: path)
    #expect(try store.labels(of: "1abc_A")?.resolution == 1.5)
    let labels = try #require(try store.labels(of: "2XYZ_B"))
    func atom(_ index: Int) -> SIMD3<Float> {
      SIMD3(
        labels.positions.values[index * 3], labels.positions.values[index * 3 + 1],
        labels.positions.values[index * 3 + 2])
    }
    let bond = atom(3) - atom(1)
    #expect(abs((bond * bond).sum().squareRoot() - 1.53) < 0.02)
    // L amino acid: (N − CA) × (C − CA) · (CB − CA) > 0.
    let (n, c) = (atom(0) - atom(1), atom(2) - atom(1))
    let normal = SIMD3(n.y * c.z - n.z * c.y, n.z * c.x - n.x * c.z, n.x * c.y - n.y * c.x)
    #expect((normal * bond).sum() > 0)
  }

  @Test("without a table chains of one sequence are a cluster, named after the first by name")
  func identicalSequences() throws {
    let scratch = try ScratchFolder()
    try write(pdb(sequence), scratch.file("in/zeta.pdb"))
    try write(pdb(String(sequence.reversed())), scratch.file("in/other.pdb"))
    // Comes last and names the cluster nevertheless.
    try write(pdb(sequence), scratch.file("more/alpha.pdb"))
    let sources = try ["in", "more"].flatMap {
      try ChainSource.find(at: scratch.file($0), evidence: [])
    }
    let path = scratch.file("out.h5")
    let report = try DatasetBuilder(program: "test").build(sources, to: path)
    let expected = ["zeta": "alpha", "alpha": "alpha", "other": "other"]
    let store = try FeatureStore(path: path)
    #expect(store.entries.count == 3)
    for (id, cluster) in expected {
      #expect(try store.entry(id).cluster == cluster)
      #expect(try store.labels(of: id)?.cluster == cluster)
      #expect(report.rows.first { $0.id == id }?.cluster == cluster)
    }
    #expect(store.problems().isEmpty)
  }

  @Test("a chain that the table does not name joins the cluster and split of its sequence")
  func unlistedChains() throws {
    let scratch = try ScratchFolder()
    let other = String(sequence.reversed())
    // "listed" is read last and left out of the store; its cluster holds for its sequence nevertheless.
    for (name, letters) in [
      ("in/copy", sequence), ("in/pair2", other), ("in/pair1", other), ("more/listed", sequence),
      ("more/named", sequence.replacing("V", with: "L")),
    ] {
      try write(pdb(letters), scratch.file(name + ".pdb"))
      try write(">q\n\(letters)\n", scratch.file(name + ".a3m"))
    }
    try write(pdb(String(sequence.prefix(8))), scratch.file("more/listed.pdb"))
    try write(
      "chain\tcluster\tsplit\nlisted\tk1\ttest\nnamed\tk2\tvalidation\n",
      scratch.file("t.tsv"))
    var builder = DatasetBuilder(program: "test")
    builder.clusters = try ClusterTable(path: scratch.file("t.tsv"))
    let sources = try ["in", "more"].flatMap {
      try ChainSource.find(at: scratch.file($0), evidence: [])
    }
    let path = scratch.file("out.h5")
    let report = try builder.build(sources, to: path)
    #expect(report.unlistedCount == 3 && report.keptCount == 4, "\(report.table)")
    let store = try FeatureStore(path: path)
    let expected = [
      "copy": ("k1", "test"), "pair1": ("pair1", nil), "pair2": ("pair1", nil),
      "named": ("k2", "validation"),
    ]
    #expect(Set(store.ids) == Set(expected.keys))
    for (id, (cluster, split)) in expected {
      let entry = try store.entry(id)
      #expect(entry.cluster == cluster && entry.split == split, "\(id)")
      let labels = try #require(try store.labels(of: id))
      #expect(labels.cluster == cluster && labels.split == split, "\(id)")
      let row = try #require(report.rows.first { $0.id == id })
      #expect(row.cluster == cluster && row.namedSplit?.rawValue == split, "\(id)")
    }
    #expect(store.problems().isEmpty)
  }

  @Test("a table that names none of the chains is refused, and nothing is written")
  func foreignTable() throws {
    let scratch = try ScratchFolder()
    try write(pdb(sequence), scratch.file("in/a.pdb"))
    try write("chain\tcluster\nA.pdb\tk\n", scratch.file("t.tsv"))
    var builder = DatasetBuilder(program: "test")
    builder.clusters = try ClusterTable(path: scratch.file("t.tsv"))
    let error = #expect(throws: InputError.self) {
      try builder.build(
        try ChainSource.find(at: scratch.file("in"), evidence: []), to: scratch.file("out.h5"))
    }
    let text = try #require(error).description
    #expect(
      text.contains(
        "t.tsv: names none of the 1 chain read, such as 'a', it names such as 'A.pdb'; expected"),
      "\(text)")
    #expect(error?.exitStatus == .badInput)
    #expect(!FileManager.default.fileExists(atPath: scratch.file("out.h5")))
  }

  @Test("a store without labels is named as such, for each split that is needed")
  func unlabelled() throws {
    let scratch = try ScratchFolder()
    func problem(_ isWithout: (TargetRecord) -> Bool) throws -> String {
      let records = (0..<40).map { number in
        var record = SyntheticStore.record(number) { "chain\($0)" }
        if isWithout(record) { record.labels = nil }
        return record
      }
      try FeatureStore.write(records, to: scratch.file("s.h5"))
      let error = #expect(throws: InputError.self) {
        try SampleSource(
          store: try FeatureStore(path: scratch.file("s.h5")), network: .tiny,
          config: LoadingConfig(), seed: 0
        ).requireTrainable()
      }
      return "\(try #require(error))"
    }
    let none = try problem { _ in true }
    #expect(none.contains("no labels (structures) for any of its targets"), "\(none)")
    #expect(none.contains("dataset build"))
    // Without labels a chain is its own cluster.
    let part = try problem { record in
      [record.features.id, record.labels?.cluster ?? ""].contains {
        DataSplit(cluster: $0) == .validation
      }
    }
    #expect(part.contains("any of its validation chains"), "\(part)")
  }

  @Test("a store is not written when nothing is left")
  func nothingLeft() throws {
    let scratch = try ScratchFolder()
    try write(pdb("AG"), scratch.file("in/a.pdb"))
    let error = #expect(throws: EmptyDatasetError.self) {
      try DatasetBuilder(program: "test").build(
        try ChainSource.find(at: scratch.file("in"), evidence: []), to: scratch.file("out.h5"))
    }
    let found = try #require(error)
    #expect("\(found)".contains("length 1") && found.exitStatus == .badInput)
    #expect(found.report.rows.map(\.rejection) == [.length(2)])
    #expect(!FileManager.default.fileExists(atPath: scratch.file("out.h5")))
  }

  @Test("a cluster table without its columns is refused with the line")
  func badTable() throws {
    let scratch = try ScratchFolder()
    try write("name\tgroup\n", scratch.file("t.tsv"))
    let error = #expect(throws: InputError.self) { try ClusterTable(path: scratch.file("t.tsv")) }
    #expect("\(try #require(error))".contains("t.tsv:1"))
  }
}
