import Distribution
import FoldingCore
import FoldingModel
import Foundation

/// Predicted time of a training step on a grid of processes, from the operations, bytes and messages of each kind of parallelism.
///
/// A sample costs its forward passes (recycles, the last one, and the recomputation) and twice a forward pass for the derivatives.
/// Operations outside the blocks and the template stack are not shared: every process of a sample runs them all.
public struct ScalingModel: Sendable {
  /// Speed of a process and of the connection between two.
  public struct Machine: Sendable {
    /// Operations per second of one process.
    public var rate: Double
    /// Bytes per second between two processes, each way.
    public var bandwidth: Double
    /// Seconds of a message.
    public var latency: Double
    /// Share of a step that is not divided between the processes of a sample: embedders, structure module, losses.
    public var serialShare: Double

    /// The given figures.
    public init(rate: Double, bandwidth: Double, latency: Double, serialShare: Double) {
      self.rate = rate
      self.bandwidth = bandwidth
      self.latency = latency
      self.serialShare = serialShare
    }
  }

  /// Seconds of a step.
  public struct Step: Sendable {
    /// Computing.
    public var compute = 0.0
    /// Exchanging representations between branches.
    public var branchExchange = 0.0
    /// Gathering shares of operations.
    public var axialExchange = 0.0
    /// Summing gradients.
    public var gradientSum = 0.0

    /// The sum; nothing is overlapped.
    public var total: Double { compute + branchExchange + axialExchange + gradientSum }
  }

  let config: FoldingConfig
  let size: ProblemSize
  let parameters: Double
  /// Mean number of passes before the last.
  let recycles: Double

  /// The model of a network on samples of a size.
  public init(_ config: FoldingConfig, _ size: ProblemSize, recycles: Double = 1.5) {
    self.config = config
    self.size = size
    self.recycles = recycles
    parameters = Double(config.parameterManifest.reduce(0) { $0 + $1.count })
  }

  /// Operations of a sample, in forward passes: recycles, the last one, the recomputation, and two for the derivatives.
  public var passes: Double { recycles + 4 }

  /// Operations of a sample in blocks and template stack.
  public var operations: Double { CostModel(config, size).trunk * passes }

  /// A step of `batch` samples on a grid.
  public func step(batch: Int, _ grid: ProcessGrid, _ machine: Machine) -> Step {
    let samples = (Double(batch) / Double(grid.data)).rounded(.up)
    let plan = BranchPlan(config, size)
    let one = operations / machine.rate
    let shared = one * (1 - machine.serialShare)
    let branchFactor = grid.branches > 1 ? 1 / plan.idealSpeedup : 1
    let axes = Double(grid.axes)
    var step = Step()
    step.compute = samples * (one * machine.serialShare + shared * branchFactor / axes)
    let blocks = Double(config.evoformer.blocks + config.extraMSA.blocks)
    if grid.branches > 1 {
      // Streams forward in every pass, their gradients once; running a block again exchanges nothing.
      let exchange = BranchExchange(config, size)
      let forward = (recycles + 1) * exchange.forward / 2
      step.branchExchange =
        samples * blocks
        * ((forward + exchange.backward / 2) / machine.bandwidth + 4 * (recycles + 2)
          * machine.latency)
    }
    if grid.axes > 1 {
      let traffic = AxialExchange(config, size)
      let others = (axes - 1) / axes
      let bytes = (recycles + 2) * traffic.forward + traffic.backward
      let messages = (recycles + 2) * traffic.forwardCalls + traffic.backwardCalls
      step.axialExchange =
        samples * blocks
        * (bytes * others / machine.bandwidth + messages * (axes - 1) * machine.latency)
    }
    if grid.data > 1 {
      let others = Double(grid.data - 1) / Double(grid.data)
      step.gradientSum =
        2 * 4 * parameters * others / machine.bandwidth
        + 2 * log2(Double(grid.data)) * machine.latency
    }
    return step
  }
}
