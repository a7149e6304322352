import AtomicFiles
import FeaturePipeline
import Foundation
import Protein
import Testing

@testable import Evidence

/// What programs do that no search expects: they write without end, leave others behind, leave too much.
@Suite("Search programs that misbehave")
struct SearchProgramTests {
  @Test("a database behind a link is known by what the link leads to")
  func links() throws {
    let bench = try SearchBench()
    try bench.tool(.jackhmmer, SearchBench.goodResult)
    let manager = FileManager.default
    let real = bench.root + "/real.fasta"
    try manager.moveItem(atPath: bench.root + "/db.fasta", toPath: real)
    try manager.createSymbolicLink(
      atPath: bench.root + "/db.fasta", withDestinationPath: "real.fasta")
    _ = try bench.run()
    #expect(try bench.run().rows.map(\.isCached) == [true])
    try ">another\nMKTAYIAKQRQISFVKSHFSRQLLL\n".write(
      toFile: real, atomically: false, encoding: .utf8)
    #expect(try bench.run().rows.map(\.isCached) == [false])
    let linked = SearchDatabase(name: "u", path: bench.root + "/db.fasta")
    #expect(try linked.identity().files.map(\.bytes) == [FileStatus(of: real)?.bytes])
  }

  @Test("profiles behind links are whole if the files are")
  func linkedProfiles() throws {
    let bench = try SearchBench()
    let manager = FileManager.default
    try manager.createDirectory(atPath: bench.root + "/hh", withIntermediateDirectories: false)
    for part in ["a3m", "cs219", "hhm"] {
      let data = String(repeating: "x", count: 4000)
      for (ending, text) in [("ffdata", data), ("ffindex", "1abc_A\t0\t4000\n")] {
        let name = "pdb70_\(part).\(ending)"
        try text.write(toFile: "\(bench.root)/\(name)", atomically: false, encoding: .utf8)
        try manager.createSymbolicLink(
          atPath: "\(bench.root)/hh/\(name)", withDestinationPath: "../\(name)")
      }
    }
    let status = DatabaseStatus(SearchDatabase(name: "pdb70", path: bench.root + "/hh/pdb70"))
    #expect(status.problem == nil && status.bytes == 3 * (4000 + 14))
    try "1abc_A\t0\t4001\n".write(
      toFile: bench.root + "/pdb70_hhm.ffindex", atomically: false, encoding: .utf8)
    let short = DatabaseStatus(SearchDatabase(name: "pdb70", path: bench.root + "/hh/pdb70"))
    #expect(short.problem?.description.contains("pdb70_hhm.ffdata is shorter") == true)
  }
}
