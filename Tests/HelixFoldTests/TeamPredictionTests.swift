import Distribution
import FeaturePipeline
import FoldingCore
import FoldingModel
import Foundation
import Protein
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
        .tiny, size, parameters: ParameterFootprint(sizes: [1]), storage: .float32, threads: 1,
        limit: 1)
      let context = ExecutionContext(
        workers: WorkerGroup(count: 1), pool: BufferPool(), storage: .float32
      ).sharing(with: group).following(plan)
      #expect(context.axial != nil && context.pairOperands == plan.operands)
    }
  }

  @Test("two members that share a target's operations write what one process writes")
  func sameFiles() throws {
    let folder = FileManager.default.temporaryDirectory.path + "/team-\(UUID().uuidString)"
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let letters = "MKTAYIAKQRQISFVKSHFSRQ"
    let raw = try RawFeatures(
      id: "toy", sequence: try ProteinSequence(letters),
      alignments: [
        try Alignment.parse(
          InputText(name: "toy.a3m", ">0\n\(letters)\n>1\n\(String(letters.reversed()))\n"))
      ])
    let target = PredictionTarget(id: "toy", features: .success(raw), warnings: [])
    let model = ModelDescription(
      name: "tiny", source: "recipe", checksum: "1", config: .tiny,
      parameters: RecipeParameters(.tiny, seed: 1), isRandom: true)
    @Sendable func predict(_ output: String, _ world: any Communicator, team: Int) throws {
      var options = PredictionOptions()
      options.output = output
      options.recycles = 1
      let pipeline = try FoldingPipeline(
        options, models: [model], reporter: ProgressReporter(style: .quiet),
        queue: try TargetQueue(world, teamSize: team, output: output))
      #expect(try pipeline.predict([target]) { _, _ in } == .success)
    }
    try predict(folder + "/one", SingleMember(), team: 1)
    try ThreadMember.run(2) { try predict(folder + "/two", $0, team: 2) }
    for file in ["ranked_0.pdb", "confidence_tiny.json", "pae_tiny.json"] {
      let one = try Data(contentsOf: URL(fileURLWithPath: folder + "/one/toy/" + file))
      let two = try Data(contentsOf: URL(fileURLWithPath: folder + "/two/toy/" + file))
      #expect(one == two, "\(file)")
    }
  }
}
