import FoldingCore
import FoldingModel
import HelixFold
import Messages
import NumericArrays
import Protein
import TensorCore
import Weights

/// Times one Evoformer block: forward, and forward with its derivatives.
public struct BlockBenchmark: Sendable {
  /// The measurements.
  public struct Report: Sendable {
    /// Seconds of each forward pass.
    public let forward: [Double]
    /// Seconds of each forward and backward pass; empty if not requested.
    public let both: [Double]
    /// Operations of one forward pass.
    public let operations: Double
    /// How memory is used.
    public let memory: MemoryPlan
    /// Operations per second of a large product on one core.
    public let peakPerCore: Double
    /// Largest resident size of the process, bytes.
    public let residentPeak: Int
    /// Largest number of bytes in tensors at one time.
    public let tensorPeak: Int
  }

  private let plan: TrainBenchmark.Plan
  private let differentiates: Bool
  private let warmsUp: Bool
  private let memory: MemoryPlan

  /// A benchmark of one block of the plan's network at the plan's sizes; its loss is not used.
  ///
  /// - Parameters:
  ///   - warmsUp: whether an untimed run comes first.
  ///   - pairFormat: block format in which triangle multiplications keep an operand in passes without derivatives.
  ///   - memoryLimit: bytes that the memory plan must stay within, if it can.
  public init(
    _ plan: TrainBenchmark.Plan, differentiates: Bool, warmsUp: Bool = true,
    pairFormat: BlockFormat? = nil, memoryLimit: Int? = nil
  ) {
    var plan = plan
    plan.config.evoformer.blocks = 1
    self.plan = plan
    self.differentiates = differentiates
    self.warmsUp = warmsUp
    memory = MemoryPlan.fitting(
      PassDemand(plan.config, plan.size, storage: plan.storage, threads: plan.threads),
      pairFormat: pairFormat, limit: memoryLimit)
  }

  /// Runs the benchmark.
  public func run() throws -> Report {
    let context = ExecutionContext(
      workers: WorkerGroup(count: plan.threads), pool: BufferPool(), storage: plan.storage,
      backend: plan.backend
    ).following(memory)
    let network = try FoldingNetwork(
      plan.config, parameters: RecipeParameters(plan.config, seed: 1), storage: plan.storage,
      pool: context.pool)
    let (n, channels) = (plan.size.residues, plan.config.channels)
    func seconds(_ body: () throws -> Void) rethrows -> Double {
      let start = ContinuousClock.now
      try body()
      return (ContinuousClock.now - start).seconds
    }
    func streams() -> (m: Tensor, z: Tensor) {
      let (m, z) = (
        context.empty([plan.size.clusters, n, channels.msa]), context.empty([n, n, channels.pair])
      )
      for x in [m, z] { x.fillMeaninglessly() }
      return (m, z)
    }
    let warmUps = warmsUp ? 1 : 0
    let forward = try (0..<plan.repeats + warmUps).map { _ in
      let (m, z) = streams()
      return try seconds { try network.updateFirstBlock(m, z, context) }
    }
    let rounds = differentiates ? plan.repeats + warmUps : 0
    let both = try (0..<rounds).map { _ in
      let (m, z) = streams()
      return try seconds {
        let tape = Tape(recomputes: plan.recomputes)
        let gradients = Gradients(pool: context.pool)
        try network.updateFirstBlock(m, z, context.recording(on: tape))
        let backward = context.accumulating(in: gradients)
        for x in [m, z] {
          let gradient = backward.gradient(of: x)
          for index in 0..<gradient.count { gradient.floats[index] = Float(index % 7) - 3 }
        }
        tape.replay(backward)
      }
    }
    let costs = CostModel(plan.config, plan.size)
    return Report(
      forward: Array(forward.dropFirst(warmUps)), both: Array(both.dropFirst(warmUps)),
      operations: costs.total(costs.evoformerBlock), memory: memory,
      peakPerCore: ProductPeak.measure(plan.storage), residentPeak: ProcessMemory.residentPeak,
      tensorPeak: context.pool.statistics.peak)
  }
}

extension BlockBenchmark.Report {
  /// The report for people.
  public var text: String {
    var lines = [
      "forward \(ReportSection.text(forward)), \(fixed(operations / 1e9, decimals: 0)) GFLOP; one core multiplies at \(fixed(peakPerCore / 1e9, decimals: 1)) GFLOP/s"
    ]
    if !both.isEmpty { lines.append("forward and backward \(ReportSection.text(both))") }
    lines.append("peak RSS \(ByteCount(residentPeak)), tensors \(ByteCount(tensorPeak))")
    return lines.joined(separator: "\n")
  }

  /// The report as JSON.
  public func json(_ plan: TrainBenchmark.Plan) -> JSONValue {
    let rate = operations / forward.median
    var fields: ReportSection.Fields = [
      ("benchmark", .string("block")), ("network", .string(plan.config.name)),
      ("residues", .integer(plan.size.residues)), ("msa", .integer(plan.size.clusters)),
    ]
    fields += ReportSection.machine(plan.storage, plan.backend, threads: plan.threads)
    fields += [
      ("recompute", .bool(plan.recomputes)),
      ("forward_gflop", .number(operations / 1e9)),
      ("forward_seconds", .object(ReportSection.spread(forward))),
      ("forward_share_of_peak", .number(rate / peakPerCore / Double(plan.threads))),
    ]
    if let whole = wholeRun(plan) {
      fields += [
        ("whole_run_tflop", .number(whole / 1e12)), ("whole_run_seconds", .number(whole / rate)),
      ]
    }
    if !both.isEmpty {
      fields.append(("forward_backward_seconds", .object(ReportSection.spread(both))))
    }
    fields += ReportSection.peak(perCore: peakPerCore, threads: plan.threads)
    fields += ReportSection.memory(resident: residentPeak, tensors: tensorPeak)
    fields.append(("pair_operands", .string(memory.operands.text)))
    return .object(fields)
  }

  /// Operations of all passes of the whole network on a problem of this size, by the cost model.
  private func wholeRun(_ plan: TrainBenchmark.Plan) -> Double? {
    guard var config = FoldingConfig.preset(named: plan.config.name) else { return nil }
    if plan.size.templates == 0 { config.template = nil }
    return CostModel(config, plan.size).pass * Double(config.recycles + 1)
  }
}
