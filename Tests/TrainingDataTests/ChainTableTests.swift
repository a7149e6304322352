import BasicTestSupport
import FeaturePipeline
import Testing

@testable import TrainingData

@Suite("Folders with a table of chains")
struct ChainTableTests {
  private func find(_ table: String, files: [String] = []) throws -> [ChainSource] {
    let scratch = try ScratchFolder()
    try scratch.write(table, to: "in/chains.tsv")
    for file in files { try scratch.write("", to: "in/" + file) }
    let prefix = scratch.file("in/")
    return try ChainSource.find(at: scratch.file("in"), evidence: []).map {
      var source = $0
      source.path = String(source.path.dropFirst(prefix.count))
      return source
    }
  }

  @Test("a structure may have any ending that structures have, packed or not")
  func endings() throws {
    let files = ["pdb/a.pdb", "pdb/b.cif.gz", "pdb/c.ent", "pdb/c.mmcif"]
    let sources = try find("name\na\nb\nc\nd\n", files: files)
    #expect(sources.map(\.id) == ["a", "b", "c", "d"])
    #expect(sources.map(\.path) == ["pdb/a.pdb", "pdb/b.cif.gz", "pdb/c.ent", "pdb/d.pdb"])
  }

  @Test("structures that the table does not name are listed")
  func unlisted() throws {
    let scratch = try ScratchFolder()
    try scratch.write("name\na\n", to: "in/chains.tsv")
    for file in ["a.pdb", "b.pdb.gz", "notes.txt"] { try scratch.write("", to: "in/pdb/" + file) }
    let folder = scratch.file("in")
    let sources = try ChainSource.find(at: folder, evidence: [])
    #expect(try ChainSource.unlisted(at: folder, among: sources) == [folder + "/pdb/b.pdb.gz"])
    let other = try ScratchFolder()
    try other.write("", to: "pdb/x.pdb")
    #expect(try ChainSource.unlisted(at: other.path, among: []).isEmpty)
  }

  @Test(
    "a resolution is a number of Å, or none",
    arguments: [
      ("1.8", 1.8), ("0", nil), ("0.00", nil), ("", nil), ("-", nil), ("NA", nil), ("None", nil),
    ] as [(String, Float?)])
  func resolution(_ cell: String, _ expected: Float?) throws {
    #expect(try find("name\tresolution\na\t\(cell)\n").map(\.resolution) == [expected])
  }

  @Test("another resolution is refused with its line", arguments: ["1.8 A", "nan", "inf", "-1"])
  func badResolution(_ cell: String) {
    let text = message { _ = try find("name\tresolution\nx\t2\na\t\(cell)\n") }
    #expect(text.contains("chains.tsv:3"), "\(text)")
    #expect(text.contains("'\(cell)', expected a number of Å"), "\(text)")
  }
}
