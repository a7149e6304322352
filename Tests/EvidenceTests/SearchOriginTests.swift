import AtomicFiles
import Foundation
import Testing

@testable import Evidence

@Suite("Where kept search results come from")
struct SearchOriginTests {
  @Test(
    "a kept result says by which version it was found in what and when; another one searches again")
  func origin() throws {
    let bench = try SearchBench()
    try bench.tool(.jackhmmer, SearchBench.goodResult)
    let first = try #require(try bench.run().rows[0].origin)
    #expect(first.toolVersion == "HMMER 9.9" && first.databases[0].files[0].bytes == 28)
    for sign in [
      "jackhmmer (HMMER 9.9, \(bench.root)/bin/jackhmmer) on 20", " -N 1 {input} ",
      "db.fasta (28 bytes, changed 20", first.databases[0].files[0].ends.prefix(16) + ")",
    ] {
      #expect(first.text.contains(sign), "\(first.text)")
    }
    // The date is that of the search, not of its use.
    let names = try FileManager.default.contentsOfDirectory(atPath: bench.root + "/cache")
    let entry = "\(bench.root)/cache/\(try #require(names.first))/entry.json"
    let text = try String(contentsOfFile: entry, encoding: .utf8)
    try text.replacing(first.date, with: "2001-02-03T04:05:06Z").write(
      toFile: entry, atomically: false, encoding: .utf8)
    let again = try bench.run().rows[0]
    #expect(again.isCached && again.origin?.date == "2001-02-03T04:05:06Z")
    try "# HMMER 10.0\n".write(
      toFile: bench.root + "/version", atomically: false, encoding: .utf8)
    #expect(try bench.run().rows.map(\.isCached) == [false])
  }

  @Test("a database that changed while its size and time did not is searched again")
  func sameStamp() throws {
    let bench = try SearchBench()
    try bench.tool(.jackhmmer, SearchBench.goodResult)
    let path = bench.root + "/db.fasta"
    func date() throws -> FileStatus {
      try FileManager.default.setAttributes(
        [.modificationDate: Date(timeIntervalSince1970: 1_000_000_000)], ofItemAtPath: path)
      return try #require(FileStatus(of: path))
    }
    let before = try date()
    _ = try bench.run()
    try ">two\nMKTAYIAKQRQISFVKSHFSRQ\n".write(toFile: path, atomically: false, encoding: .utf8)
    let after = try date()
    #expect(after.bytes == before.bytes && after.modified == before.modified)
    #expect(try bench.run().rows.map(\.isCached) == [false])
  }

  @Test("an entry of another description of searches is left alone")
  func otherEntries() throws {
    let bench = try SearchBench()
    try bench.tool(.jackhmmer, SearchBench.goodResult)
    let old = bench.root + "/cache/" + String(repeating: "0", count: 64)
    try FileManager.default.createDirectory(atPath: old, withIntermediateDirectories: true)
    try "{}".write(toFile: old + "/entry.json", atomically: false, encoding: .utf8)
    #expect(try bench.run().rows.map(\.isCached) == [false])
    #expect(try bench.run().rows.map(\.isCached) == [true])
    #expect(FileManager.default.fileExists(atPath: old + "/entry.json"))
  }

  @Test(
    "versions are found in what programs say",
    arguments: [
      (
        SearchTool.jackhmmer, "# jackhmmer :: search\n# HMMER 3.3.2 (Nov 2020); http://hmmer.org/",
        "HMMER 3.3.2"
      ),
      (.hhblits, "HHblits 3.3.0:\nHMM-HMM-based lightning-fast", "HHblits 3.3.0"),
      (.hhsearch, "HHsearch 3.3.0\nSearch a database", "HHsearch 3.3.0"),
      (.mmseqs, "14-7e284+ds-1+b2\n\n", "14-7e284+ds-1+b2"),
      (.mmseqs, "\n", "unknown"), (.hmmsearch, "no such option", "unknown"),
    ])
  func versions(tool: SearchTool, text: String, version: String) {
    #expect(ToolVersions.version(of: tool, in: text) == version)
  }
}
