import AtomicFiles
import BasicTestSupport
import FeaturePipeline
import Foundation
import Synchronization
import Testing

@testable import HelixFold

@Suite("Tables of all targets")
struct RunTablesTests {
  @Test("a run replaces the rows of its own targets; failures that are mended leave the list")
  func merging() throws {
    let scratch = try ScratchFolder()
    let tables = RunTables(folder: scratch.path)
    try tables.merge([failed("a"), failed("b"), predicted("c")])
    try tables.merge([predicted("b")])
    let table = try rows(scratch)
    #expect(table.map { $0[0] } == ["target", "a", "c", "b"])
    #expect(table.map { $0[1] } == ["state", "failed", "predicted", "predicted"])
    let failures = try String(contentsOfFile: scratch.file("failures.json"), encoding: .utf8)
    #expect(failures.contains("\"a\"") && !failures.contains("\"b\""))
    try tables.merge([predicted("a")])
    #expect(!FileManager.default.fileExists(atPath: scratch.file("failures.json")))
    let left = try FileManager.default.contentsOfDirectory(atPath: scratch.path)
    #expect(left == ["summary.tsv"])
  }

  @Test("a target that was finished before keeps what only the run that predicted it knew")
  func finishedBefore() throws {
    let scratch = try ScratchFolder()
    let tables = RunTables(folder: scratch.path)
    try tables.merge([predicted("a")])
    var again = TargetOutcome(0, "a")
    again.residues = 5
    try tables.merge([again])
    let row = try rows(scratch)[1]
    #expect(row[1] == "finished before" && row[4] == "1.5" && row[8] == "2.0")
    #expect(TargetOutcome.columns.last == "peak_bytes" && row[10] == "4096")
  }

  @Test("a target that another run has keeps its row, and is listed where it has none")
  func busy() throws {
    let scratch = try ScratchFolder()
    let tables = RunTables(folder: scratch.path)
    let error = PredictionError.busy(folder: "out/a")
    try tables.merge([predicted("a")])
    try tables.merge([
      TargetOutcome(0, "a", failure: error), TargetOutcome(1, "b", failure: error),
    ])
    let states = try rows(scratch).map { $0[1] }
    #expect(states == ["state", "predicted", "failed"])
    try tables.merge([predicted("b")])
    #expect(!FileManager.default.fileExists(atPath: scratch.file("failures.json")))
  }

  @Test("tables that another process has are waited for, then left alone and told of")
  func held() throws {
    let scratch = try ScratchFolder()
    let tables = RunTables(folder: scratch.path)
    try tables.merge([predicted("a")])
    let before = try rows(scratch)
    let lock = Mutex(FolderLock(scratch.path))
    #expect(throws: PredictionError.tablesBusy(folder: scratch.path)) {
      try tables.merge([predicted("b")], patience: .milliseconds(120))
    }
    #expect(try rows(scratch) == before)
    Thread {
      Thread.sleep(forTimeInterval: 0.2)
      lock.withLock { $0 = nil }
    }.start()
    try tables.merge([predicted("b")])
    #expect(try rows(scratch).map { $0[0] } == ["target", "a", "b"])
    #expect(PredictionError.tablesBusy(folder: "out").exitStatus == .cannotWrite)
  }

  @Test("a folder in the place of a file is not removed")
  func folder() throws {
    let scratch = try ScratchFolder()
    let inner = scratch.file("failures.json/mine")
    try FileManager.default.createDirectory(atPath: inner, withIntermediateDirectories: true)
    try RunTables(folder: scratch.path).merge([predicted("a")])
    #expect(FileManager.default.fileExists(atPath: inner))
  }

  private func predicted(_ id: String) -> TargetOutcome {
    var outcome = TargetOutcome(0, id)
    (outcome.residues, outcome.rows, outcome.neff, outcome.seconds) = (5, 3, 1.5, 2)
    outcome.peakBytes = 4096
    outcome.best = RankingScore(model: "tiny", plddt: 50, ptm: nil)
    return outcome
  }

  private func failed(_ id: String) -> TargetOutcome {
    TargetOutcome(0, id, failure: InputError.content(file: "x", problem: "is wrong"))
  }

  private func rows(_ scratch: ScratchFolder) throws -> [[String]] {
    try String(contentsOfFile: scratch.file("summary.tsv"), encoding: .utf8)
      .split(separator: "\n").map { $0.split(separator: "\t").map(String.init) }
  }
}
