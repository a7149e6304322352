import AtomicFiles
import FeaturePipeline
import Foundation
import Protein
import Testing

@testable import Evidence

/// What programs do that no search expects: they write without end, leave others behind, leave too much.
@Suite("Search programs that misbehave")
struct SearchProgramTests {
  @Test(
    "a program that writes without end is stopped, and little of what it writes is handed on",
    .timeLimit(.minutes(1)))
  func endlessWriter() throws {
    let bench = try SearchBench()
    try bench.tool(.jackhmmer, "exec yes 'error: bad thing' >&2")
    let interruption = SearchInterruption()
    let runner = bench.runner(interruption: interruption)
    let sequence = try SearchBench.sequence
    DispatchQueue.global().asyncAfter(deadline: .now() + 0.5) { interruption.interrupt() }
    let report = runner.run(sequence: sequence, into: bench.root + "/msas")
    #expect(report.failures == [.interrupted(.jackhmmer)])
    #expect(bench.messages.count == 1001)
    #expect(bench.messages.last == "it goes on, but no more than 1000 lines are shown")
  }

  @Test(
    "a long line is cut, and a program that writes much is not held up", .timeLimit(.minutes(1)))
  func longLine() throws {
    let bench = try SearchBench()
    let much = "head -c 3000000 /dev/zero | tr '\\0'"
    try bench.tool(
      .jackhmmer, "\(much) '\\n' >&2; \(much) x >&2; \(much) y; \(SearchBench.goodResult)")
    #expect(try bench.run().rows.map(\.rows) == [2])
    #expect(bench.messages.allSatisfy { $0 == String(repeating: "x", count: 1000) })
    #expect(!bench.messages.isEmpty)
  }

  @Test("what a program writes on its standard output is no message, but may tell the cause")
  func standardOutput() throws {
    let bench = try SearchBench()
    try bench.tool(.jackhmmer, "echo 'out of memory'; echo 'warning' >&2; exit 1")
    let failure = try bench.run().failures.first
    #expect(failure?.description == "jackhmmer failed: not enough memory (out of memory)")
    #expect(bench.messages == ["warning"])
  }

  @Test(
    "a search is over when its program is, and what that left running is killed",
    .timeLimit(.minutes(1)))
  func leftBehind() throws {
    let bench = try SearchBench()
    try bench.tool(
      .jackhmmer, "sleep 600 & echo $! > '\(bench.root)/child'; \(SearchBench.goodResult)")
    #expect(try bench.run().rows.map(\.rows) == [2])
    #expect(try bench.childIsGone())
  }

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
