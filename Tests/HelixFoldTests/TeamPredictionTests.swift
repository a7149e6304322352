import BasicTestSupport
import Distribution
import FeaturePipeline
import FoldingCore
import FoldingModel
import Foundation
import Messages
import Synchronization
import TensorCore
import Testing
import Weights

@testable import HelixFold

@Suite("Prediction by a team of processes")
struct TeamPredictionTests {
  @Test("a plan leaves the processes that share operations in place")
  func following() throws {
    try ThreadMember.run(2) { member in
      let group = AxialMembers(member)
      let size = ProblemSize(residues: 9, clusters: 2, extraRows: 0, templates: 0)
      let plan = MemoryPlan.fitting(
        PassDemand(
          .tiny, size, parameters: ParameterFootprint(sizes: [1]), storage: .float32, threads: 1),
        limit: 1)
      let context = ExecutionContext(
        workers: WorkerGroup(count: 1), pool: BufferPool(), storage: .float32
      ).sharing(with: group).following(plan)
      #expect(context.axial != nil && context.pairOperands == plan.operands)
    }
  }

  @Test("two members that share a target's operations write what one process writes")
  func sameFiles() throws {
    try withScratchFolder { folder in
      let target = try PredictionBench.target("MKTAYIAKQRQISFVKSHFSRQ")
      let one = try predict([target], folder + "/one", SingleMember(), team: 1)
      #expect(one.status == .success && one.finished == ["toy"])
      try ThreadMember.run(2) { member in
        let two = try predict([target], folder + "/two", member, team: 2)
        #expect(two.status == .success && two.finished == (member.rank == 0 ? ["toy"] : []))
      }
      try expectSameFiles(folder, ["toy"])
    }
  }

  @Test("a team stops at a score, and draws a finished target later, as one process does")
  func stopScore() throws {
    try withScratchFolder { folder in
      let target = try PredictionBench.target("MKTAYIAKQRQISFVKSHFSRQ")
      @Sendable func change(_ options: inout PredictionOptions) {
        (options.stopScore, options.seedCount) = (0, 2)
      }
      _ = try predict([target], folder + "/one", SingleMember(), team: 1, change)
      try ThreadMember.run(2) { member in
        let two = try predict([target], folder + "/two", member, team: 2, change)
        #expect(two.status == .success)
      }
      try expectSameFiles(folder, ["toy"])
      #expect(!FileManager.default.fileExists(atPath: folder + "/two/toy/pae_tiny_pred_1.json"))
      try ThreadMember.run(2) { member in
        let again = try predict([target], folder + "/two", member, team: 2, resumes: true) {
          change(&$0)
          $0.plots = .svg
        }
        #expect(again.status == .success)
      }
      #expect(FileManager.default.fileExists(atPath: folder + "/two/toy/plot_pae.svg"))
    }
  }

  @Test("two processes at one queue do each target once, and list a failure once")
  func sharedQueue() throws {
    try withScratchFolder { folder in
      let targets = [
        try PredictionBench.target("MKTAYIAK", id: "short"),
        .init(id: "broken", features: .failure(Broken()), warnings: []),
        try PredictionBench.target("MKTAYIAKQRQISFVKSHFSRQ", id: "long"),
        try PredictionBench.target("MKTAYIAKQRQI", id: "middle"),
      ]
      let one = try predict(targets, folder + "/one", SingleMember(), team: 1)
      #expect(one.status == .someFailed)
      let finished = Mutex<[String]>([])
      try ThreadMember.run(2) { member in
        let two = try predict(targets, folder + "/two", member, team: 1)
        #expect(two.status == .someFailed)
        finished.withLock { $0 += two.finished }
      }
      #expect(finished.withLock { $0.sorted() } == ["long", "middle", "short"])
      try expectSameFiles(folder, ["long", "middle", "short"])
      #expect(
        try String(contentsOfFile: folder + "/one/failures.json", encoding: .utf8)
          == String(contentsOfFile: folder + "/two/failures.json", encoding: .utf8))
      let left = try FileManager.default.contentsOfDirectory(atPath: folder + "/two")
      #expect(
        left.sorted() == ["failures.json", "long", "middle", "short", "summary.tsv"],
        "no queue is left")
      let rows = try String(contentsOfFile: folder + "/two/summary.tsv", encoding: .utf8)
        .split(separator: "\n").map { $0.split(separator: "\t").map(String.init) }
      #expect(rows.map { $0[0] } == ["target", "short", "broken", "long", "middle"])
      #expect(rows.map { $0[1] } == ["state", "predicted", "failed", "predicted", "predicted"])
      #expect(rows.map { $0[2] } == ["residues", "8", "-", "22", "12"])
      #expect(rows[2][9] == "broken" && rows[1][5] == "tiny")
    }
  }

  @Test("processes that find other targets stop instead of waiting for each other")
  func otherTargets() throws {
    try withScratchFolder { folder in
      let (seen, unseen) = (
        try PredictionBench.target("MKTAYIAK"),
        PredictionTarget(id: "toy", features: .failure(Broken()), warnings: [])
      )
      #expect(
        throws: CommunicationError.differs(
          rank: 1, found: "toy: unusable", expected: "toy: 8 residues")
      ) {
        try ThreadMember.run(2) { member in
          _ = try predict([member.rank == 0 ? seen : unseen], folder, member, team: 2)
        }
      }
    }
  }

  @Test("a team whose members find other saved passes stops")
  func otherPasses() throws {
    try withScratchFolder { folder in
      let target = try PredictionBench.target("MKTAYIAK")
      _ = try predict([target], folder + "/0", SingleMember(), team: 1)
      #expect {
        try ThreadMember.run(2) { member in
          _ = try predict([target], folder + "/\(member.rank)", member, team: 2, resumes: true)
        }
      } throws: { error in
        guard case CommunicationError.differs(1, let found, let expected) = error else {
          return false
        }
        return found.hasPrefix("toy: to do") && expected.hasPrefix("toy: finished before")
      }
    }
  }

  @Test("processes of one machine share what it can give, but not a limit that is stated")
  func memoryShares() throws {
    let lines = ["100 a", "60 a", "1000 b", "80 a"]
    #expect(ProcessMemory.share(of: "a", in: lines) == 20)
    #expect(ProcessMemory.share(of: "b", in: lines) == 1000)
    #expect(ProcessMemory.share(of: "c", in: lines) == nil)
    try withScratchFolder { folder in
      let whole = ProcessMemory.available
      try ThreadMember.run(4) { member in
        let queue = try TargetQueue(member, teamSize: 2, output: folder)
        let share = try queue.least(MemoryLimit(bytes: .max, isMachine: true))
        #expect(share.isMachine && share.bytes < whole / 2)
        #expect(try queue.least(MemoryLimit(bytes: 7, isMachine: true)).bytes == 7)
        #expect(try queue.least(MemoryLimit(bytes: whole, isMachine: false)).bytes == whole)
        _ = try queue.close("")
      }
    }
  }

  private struct Broken: Error, CustomStringConvertible {
    let description = "broken"
  }

  /// What one process says at the end, and the targets whose files it wrote.
  private func predict(
    _ targets: [PredictionTarget], _ output: String, _ world: any Communicator, team: Int,
    resumes: Bool = false, _ change: (inout PredictionOptions) -> Void = { _ in }
  ) throws -> (status: Messages.ExitStatus, finished: [String]) {
    let model = ModelDescription(
      name: "tiny", source: "recipe", checksum: "1", config: .tiny,
      parameters: RecipeParameters(.tiny, seed: 1), isRandom: true)
    var options = PredictionOptions()
    options.output = output
    options.recycles = 1
    options.resumes = resumes
    change(&options)
    let pipeline = try FoldingPipeline(
      options, models: [model], reporter: ProgressReporter(style: .quiet),
      queue: try TargetQueue(world, teamSize: team, output: output))
    var finished: [String] = []
    let status = try pipeline.predict(targets) { target, _ in finished.append(target) }
    return (status, finished)
  }

  private func expectSameFiles(_ folder: String, _ targets: [String]) throws {
    for target in targets {
      for file in ["ranked_0.pdb", "confidence_tiny.json", "pae_tiny.json"] {
        let one = try Data(contentsOf: URL(fileURLWithPath: "\(folder)/one/\(target)/\(file)"))
        let two = try Data(contentsOf: URL(fileURLWithPath: "\(folder)/two/\(target)/\(file)"))
        #expect(one == two, "\(target)/\(file)")
      }
    }
  }
}
