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
    let interruption = SearchInterruption(orWhen: { bench.messages.count > 1000 })
    let runner = bench.runner(interruption: interruption)
    let sequence = try SearchBench.sequence
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

  @Test("a program that is still open for writing for a moment is started", .timeLimit(.minutes(1)))
  func busyFile() throws {
    let bench = try SearchBench()
    try bench.tool(.jackhmmer, SearchBench.goodResult)
    let path = bench.root + "/bin/jackhmmer"
    let writer = try #require(FileHandle(forWritingAtPath: path))
    Thread.detachNewThread {
      Thread.sleep(forTimeInterval: 0.1)
      try? writer.close()
    }
    #expect(try bench.run().rows.map(\.rows) == [2])
  }

  @Test("a script without its first line is named as such, and a folder is no program")
  func unstartable() throws {
    let bench = try SearchBench()
    let path = bench.root + "/bin/jackhmmer"
    try "exit 0\n".write(toFile: path, atomically: false, encoding: .utf8)
    try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path)
    let failure = try #require(try bench.run().failures.first).description
    #expect(failure.hasPrefix("jackhmmer failed: it cannot be started: "))
    #expect(failure.hasSuffix("; a script needs a first line such as #!/bin/sh"))
    try FileManager.default.removeItem(atPath: path)
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
    #expect(try bench.run().failures == [.toolMissing(.jackhmmer)])
    #expect(throws: SearchFailure.toolNotExecutable(.jackhmmer, path: path)) {
      try ToolPaths(given: [.jackhmmer: path]).executable(.jackhmmer)
    }
  }

  @Test("of a database that AlphaFold cuts the first rows are kept, with what is said of them")
  func cut() throws {
    let bench = try SearchBench()
    let rows = (1...600).map { "hit\($0)/1-10 MKTA-IAKQR\\n" }.joined()
    let marks = (1...600).map { "#=GS hit\($0)/1-10 DE made up\\n" }.joined()
    let block = "target MKTAYIAKQR\\n\(rows)#=GC RF xxxxxxxxxx\\n"
    try bench.tool(
      .jackhmmer,
      "printf '# STOCKHOLM 1.0\\n\\n\(marks)\\n\(block)\\n\(block)//\\n' > \"$OUT\"")
    let double = try ProteinSequence(String(repeating: SearchBench.sequence.letters, count: 2))
    let report = bench.runner(["mgnify", "other"]).run(sequence: double, into: bench.root + "/msas")
    #expect(report.rows.map(\.rows) == [501, 601])
    let text = try String(contentsOfFile: bench.root + "/msas/mgnify_hits.sto", encoding: .utf8)
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    #expect(lines.count { $0.hasPrefix("#=GS") } == 500)
    #expect(lines.count { $0.hasPrefix("hit") } == 1000 && !text.contains("hit501/"))
    #expect(lines.count { $0.hasPrefix("#=GC RF") } == 2 && text.hasSuffix("//\n"))
    #expect(try report.usedAlignments().map(\.rows) == [501, 601])
    let whole = try String(contentsOfFile: bench.root + "/msas/other_hits.sto", encoding: .utf8)
    #expect(whole.contains("hit600/1-10 MKTA-IAKQR\n"))
  }

  @Test("a file that is larger than the limit after the cut is refused")
  func tooLarge() throws {
    let bench = try SearchBench()
    let path = bench.root + "/x.sto"
    let text = "# STOCKHOLM 1.0\nt MKTA\na MKTA\nb MKTA\n//\n"
    try text.write(toFile: path, atomically: false, encoding: .utf8)
    #expect(StockholmCut.firstRows(3, of: path, limit: 100)?.text == text)
    let two = "# STOCKHOLM 1.0\nt MKTA\na MKTA\n//\n"
    #expect(StockholmCut.firstRows(2, of: path, limit: 100)?.text == two)
    #expect(StockholmCut.firstRows(2, of: path, limit: 20) == nil)
    #expect(StockholmCut.firstRows(2, of: bench.root + "/none", limit: 100) == nil)
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

  @Test("a stop in a hit's sequence is an unknown residue, for the alignment and for templates")
  func stops() throws {
    let text = InputText(
      name: "x.sto", "# STOCKHOLM 1.0\nt MK-TA\nh/1-5 M*LT*\ni/1-5 MR*TA\n//\n")
    #expect(try Alignment.parse(text).row(1).text == "MXTX")
    #expect(try TemplateQuery.a3m(text) == ">t \nMKTA\n>h/1-5 \nMXlTX\n>i/1-5 \nMRxTA\n")
  }
}
