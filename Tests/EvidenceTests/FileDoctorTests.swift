import FeaturePipeline
import Foundation
import Testing

@testable import Evidence

@Suite("Input doctor")
struct FileDoctorTests {
  private func examine(_ name: String, _ text: String) throws -> FileDiagnosis {
    try examine(name, Array(text.utf8))
  }

  private func examine(_ name: String, _ bytes: [UInt8]) throws -> FileDiagnosis {
    let folder = NSTemporaryDirectory() + "helixfold-doctor-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try Data(bytes).write(to: URL(fileURLWithPath: "\(folder)/\(name)"))
    return FileDoctor.examine("\(folder)/\(name)")
  }

  @Test(
    "good files of each format are recognised",
    arguments: [
      ("a.fasta", ">t\nMKAY\n", "FASTA", "1 sequence"),
      ("a.a3m", ">t\r\nMK\r\nAY\r\n>h\nM-aA\0Y\n", "A3M alignment", "2 rows, 4 columns"),
      (
        "a.txt", "# STOCKHOLM 1.0\nt MKAY\nh MK-Y\n//\n", "Stockholm alignment", "2 rows, 4 columns"
      ),
      ("a.hhr", HitReaderTests.hhr, "hhr", "2 hits"),
      ("a.m8", "q\tt\t0.5\t4\t0\t0\t1\t4\t1\t4\t1e-3\t20\n", "MMseqs2 table", "1 hits"),
      (
        "a.json", "{\"sets\": [{\"name\": \"x\", \"description\": \"\", \"databases\": []}]}",
        "JSON list of databases", "sets x"
      ),
    ])
  func good(name: String, text: String, format: String, content: String) throws {
    let found = try examine(name, text)
    #expect(found.format == format && found.content == content)
    #expect(found.findings == [])
  }

  @Test(
    "bad files: the finding names file and line, and a remedy follows (users.md 10, 22)",
    arguments: [
      ("a.fasta", ">t\nMK1Y\n", "a.fasta:2:3: '1' is not an amino acid", "remove the character"),
      ("a.fasta", ">t\nMK:AY\n", "a.fasta:2:3: ':' separates chains", "give each chain a record"),
      ("a.fasta", ">t\nMK-Y\n", "a.fasta:2:3: '-' is a gap", "remove the gaps"),
      (
        "a.a3m", ">t\nMKAY\n>h\nMKA\n", "a.a3m:3: row 2 ('h') has 3 columns, the first row has 4",
        "align"
      ),
      ("a.a3m", ">t\nM-AY\n>h\nMKAY\n", "the first row has gaps", "put the target's ungapped"),
      (
        "a.hhr", "Query x\nNo 1\nfoo\nbar\n", "a.hhr:3: expected '>' and a name",
        "this hit is left out"
      ),
      ("a.json", "{\"sets\": 3}", "'sets' must be a", "make the file again"),
      ("a.json", "{,}", "is no valid JSON", "check commas"),
      ("a.pdb", "", "expected FASTA, A3M, Stockholm", "make the file again"),
      ("a.cif", "data_x\n_entry.id x\n", "_atom_site", "export the structure again"),
      ("a.npz", "PK\u{3}\u{4}junk", "a.npz", "make the file again"),
      ("a.h5", "\u{89}HDF", "a.h5", "make the file again"),
    ])
  func bad(name: String, text: String, message: String, remedy: String) throws {
    let bytes = name == "a.h5" ? [0x89] + Array("HDF".utf8) : Array(text.utf8)
    let found = try examine(name, bytes)
    let finding = try #require(found.findings.first)
    #expect(finding.message.contains(message), "\(finding.message)")
    #expect(!finding.message.contains("\n"))
    #expect(finding.remedy.contains(remedy), "\(finding.remedy)")
  }

  @Test("unusual residues are a warning that names positions, not an error (users.md 22)")
  func unusual() throws {
    let found = try examine("a.fasta", ">t\nmkuoz*\n")
    #expect(found.isUsable)
    #expect(found.findings.count == 3)
    #expect(found.findings[1].message.contains("'U' is read as 'C' at position 3"))
  }

  @Test("a missing file and a folder are named")
  func paths() {
    #expect(
      FileDoctor.examine("/nowhere/x").findings.map(\.message) == ["/nowhere/x: no such file"])
    #expect(FileDoctor.examine("/tmp").findings.first?.message.contains("it is a folder") ?? false)
  }

  @Test("the committed list of databases is understood and has the four sets")
  func catalog() throws {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent()
    let catalog = try DatabaseCatalog.parse(
      InputText(path: root.appendingPathComponent("data/databases.json").path))
    #expect(catalog.sets.map(\.name) == ["af2-full", "af2-reduced", "colabfold", "fasta"])
    #expect(throws: SearchFailure.self) { try catalog.set(named: "full") }
  }
}

/// A short slice of the run over mutated inputs; tools/evidence.d has the long one.
@Suite("Mutated inputs")
struct MutationTests {
  static let seeds: [(name: String, text: String)] = [
    ("x.hhr", HitReaderTests.hhr), ("x.fasta", ">a b\nMKAYUO*\n>c\nmkay\n"),
    ("x.a3m", ">t\nMKAY\n>h\nM-aAY\n"),
    ("x.sto", "# STOCKHOLM 1.0\n#=GS h/1-4 DE mol:protein\nt MKAY\nh/1-4 MK-Y\n//\n"),
    ("x.m8", "q\tt\t0.5\t4\t0\t0\t1\t4\t1\t4\t1e-3\t20\t4M\n"),
    ("x.json", "{\"sets\": [{\"name\": \"x\", \"description\": \"\", \"databases\": []}]}"),
    (
      "x.pdb",
      "HEADER    X\nATOM      1  CA  TRP A   1       1.000   2.000   3.000  1.00 10.00           C\nEND\n"
    ),
  ]

  /// HELIXFOLD_MUTATIONS sets the number of inputs; 10⁶ take some minutes in release builds.
  static let count =
    ProcessInfo.processInfo.environment["HELIXFOLD_MUTATIONS"].flatMap { Int($0) } ?? 2_000

  @Test("no reader crashes or takes a second over a damaged file (seed 42)")
  func readers() throws {
    var generator = SystemSeed(state: 42)
    let path = NSTemporaryDirectory() + "helixfold-mutation-\(UUID().uuidString)"
    for number in 0..<Self.count {
      let seed = Self.seeds[number % Self.seeds.count]
      let bytes = mutated(Array(seed.text.utf8), &generator)
      let text = InputText(name: seed.name, bytes: bytes)
      _ = try? HHRFile.parse(text)
      _ = try? HmmsearchHits.parse(text, target: "MKAY")
      for hit in MMseqsTable.parse(text).hits {
        _ = hit.templateHit(index: 1, query: bytes, target: bytes)
      }
      _ = try? Alignment.parse(text)
      _ = try? FASTA.records(in: text)
      _ = try? DatabaseCatalog.parse(text)
      _ = try? TemplateQuery.stockholm(text, maximumRows: 3)
      var dates = EntryDates()
      dates.addReleaseDates(text)
      dates.addObsolete(text)
      if let hits = try? HHRFile.parse(text).hits {
        for hit in hits {
          _ = try? TemplateBuilder.indexPairs(hit, target: Array("MKRAYIRWQ".utf8))
        }
      }
      if number % 7 == 6 || number % 50 == 0 {
        try Data(bytes).write(to: URL(fileURLWithPath: path + seed.name))
        _ = FileDoctor.examine(path + seed.name)
        try FileManager.default.removeItem(atPath: path + seed.name)
      }
    }
  }

  /// One to eight changes: a byte flipped, set to a nasty value, a part removed, doubled or moved.
  private func mutated(_ bytes: [UInt8], _ generator: inout SystemSeed) -> [UInt8] {
    var bytes = bytes
    let nasty: [UInt8] = [0, 0x0A, 0x0D, 0x20, 0x2D, 0x3E, 0x39, 0x7F, 0x80, 0xFF]
    for _ in 0...Int(generator.next() % 8) where !bytes.isEmpty {
      let place = Int(generator.next() % UInt64(bytes.count))
      let end = min(bytes.count, place + Int(generator.next() % 40))
      switch generator.next() % 6 {
      case 0: bytes[place] ^= 1 << UInt8(generator.next() % 8)
      case 1: bytes[place] = nasty[Int(generator.next() % UInt64(nasty.count))]
      case 2: bytes.removeSubrange(place..<end)
      case 3: bytes.insert(contentsOf: bytes[place..<end], at: place)
      case 4: bytes.insert(contentsOf: Array("99999999999999999999".utf8), at: place)
      default: bytes.removeLast(bytes.count - place)
      }
    }
    return bytes
  }
}
