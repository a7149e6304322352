import Distribution
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

  @Test("a step on a grid is what its figures say: work shared, gradients sent once each way")
  func step() {
    let size = ProblemSize(residues: 8, clusters: 4, extraRows: 0, templates: 0)
    let model = ScalingModel(.tiny, size)
    func step(
      _ grid: ProcessGrid, serialShare: Double = 0, latency: Double = 0
    ) -> ScalingModel.Step {
      let machine = ScalingModel.Machine(
        rate: 1, bandwidth: 1, latency: latency, serialShare: serialShare)
      return model.step(batch: 5, grid, machine)
    }
    #expect(step(ProcessGrid()).total == 5 * model.operations)
    // Of five samples one process takes three; half of four bytes per parameter goes each way.
    let two = step(ProcessGrid(data: 2))
    #expect(two.compute == 3 * model.operations && two.gradientSum == 4 * model.parameters)
    #expect(two.branchExchange == 0 && two.axialExchange == 0)
    let waiting = step(ProcessGrid(data: 4), latency: 1).gradientSum
    #expect(waiting == 6 * model.parameters + 4)
    // Half of a step is not divided.
    let shared = step(ProcessGrid(axes: 2), serialShare: 0.5)
    #expect(abs(shared.compute / (5 * model.operations) - 0.75) < 1e-12)
    #expect(shared.axialExchange > 0 && shared.gradientSum == 0)
    let branches = step(ProcessGrid(branches: 2))
    #expect(branches.compute < 5 * model.operations && branches.branchExchange > 0)
  }
}
