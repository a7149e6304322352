import FoldingCore
import FoldingModel
import TensorCore
import Testing
import Weights

@testable import Measurements

/// The first of two processes, which counts what would be sent.
private final class CountingGroup: AxialGroup, @unchecked Sendable {  // used by one thread
  let rank = 0
  let size = 2
  private(set) var calls = 0
  private(set) var bytes = 0

  func allGather(_ buffer: UnsafeMutableRawBufferPointer, counts: [Int]) {
    calls += 1
    bytes += counts.reduce(0, +)
  }

  func allReduce(_ values: UnsafeMutableBufferPointer<Float>) {
    calls += 1
    bytes += values.count * 4
  }
}

@Suite("Scaling model")
struct ScalingModelTests {
  @Test("a block gathers as many bytes, in as many calls, as the model says")
  func axialExchange() throws {
    let config = FoldingConfig.tiny
    let size = ProblemSize(residues: 8, clusters: 4, extraRows: 0, templates: 0)
    let group = CountingGroup()
    let pool = BufferPool()
    let network = try FoldingNetwork(
      config, parameters: RecipeParameters(config, seed: 1), storage: .bfloat16, pool: pool)
    let context = ExecutionContext(
      workers: WorkerGroup(count: 1), pool: pool, storage: .bfloat16
    ).sharing(with: group)
    let m = context.zeros([size.clusters, size.residues, config.channels.msa])
    let z = context.zeros([size.residues, size.residues, config.channels.pair])
    try network.updateFirstBlock(m, z, context)
    let model = AxialExchange(config, size)
    #expect(Double(group.bytes) == model.forward)
    #expect(Double(group.calls) == model.forwardCalls)
  }
}
