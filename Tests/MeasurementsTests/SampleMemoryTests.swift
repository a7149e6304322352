import FoldingCore
import FoldingModel
import TensorCore
import Testing

@testable import Measurements

@Suite("Memory of training samples")
struct SampleMemoryTests {
  /// What is planned for one sample, over the largest number of bytes in tensors at one time.
  private func ratio(
    _ config: FoldingConfig, _ size: ProblemSize, _ storage: DType, recomputes: Bool,
    _ format: BlockFormat? = nil
  ) throws -> Double {
    var plan = TrainBenchmark.Plan(config, size)
    plan.loss = .full
    plan.isTrunkOnly = false
    plan.repeats = 1
    plan.storage = storage
    plan.recomputes = recomputes
    plan.checkpointFormat = format
    let measured = try TrainBenchmark(plan).run().tensorPeak
    let parameters = config.parameterManifest.reduce(0) { $0 + $1.count }
    let planned = SampleMemory(
      config, size, storage: storage, recomputes: recomputes, format: format
    ).peak
    let gradients = DType.float32.byteCount
    return Double(planned + parameters * (storage.byteCount + gradients)) / Double(measured)
  }

  /// The mini network as deep as asked, with templates.
  private func network(blocks: Int) -> FoldingConfig {
    var config = FoldingConfig.mini
    config.evoformer.blocks = blocks
    config.template = FoldingConfig.tiny.template
    return config
  }

  @Test(
    "the plan of a sample is 1 to 1.75 of its tensors, whichever representation is the largest",
    arguments: [
      ProblemSize(residues: 80, clusters: 8, extraRows: 8, templates: 0),
      ProblemSize(residues: 24, clusters: 160, extraRows: 8, templates: 0),
      ProblemSize(residues: 24, clusters: 8, extraRows: 400, templates: 0),
      ProblemSize(residues: 48, clusters: 24, extraRows: 48, templates: 2),
    ], [true, false])
  func sizes(_ size: ProblemSize, recomputes: Bool) throws {
    for storage in [DType.bfloat16, .float32] {
      let found = try ratio(network(blocks: 3), size, storage, recomputes: recomputes)
      #expect((1...1.75).contains(found), "\(storage)")
    }
  }

  @Test("blocks, recomputation and the format of saved inputs count as they do in memory")
  func options() throws {
    let size = ProblemSize(residues: 48, clusters: 32, extraRows: 48, templates: 0)
    for format in [nil, BlockFormat.int8] {
      let found = try ratio(network(blocks: 8), size, .float32, recomputes: true, format)
      #expect((1...1.75).contains(found), "\(String(describing: format))")
    }
    func peak(_ recomputes: Bool, _ format: BlockFormat? = nil) -> Int {
      SampleMemory(
        network(blocks: 8), size, storage: .bfloat16, recomputes: recomputes, format: format
      ).peak
    }
    #expect(peak(true, .int8) < peak(true) && peak(true) < peak(false))
  }
}
