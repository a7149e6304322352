import FoldingCore
import FoldingModel
import Foundation
import HelixFold
import Messages
import NumericArrays
import Protein
import TensorCore
import Weights

/// Times whole passes of a network on synthetic features of given sizes.
public struct ForwardBenchmark: Sendable {
  /// The run to time.
  public struct Plan: Sendable {
    /// Sizes of the problem; `clusters` counts the drawn rows, not those of templates.
    public var size: ProblemSize
    /// The network.
    public var config: FoldingConfig
    /// Passes after the first, in one run.
    public var recycles = 0
    /// Timed runs, after one that is not timed.
    public var repeats = 3
    /// Worker threads.
    public var threads = 1
    /// Storage of activations.
    public var storage = DType.bfloat16
    /// Library that multiplies matrices.
    public var backend = MatrixBackend.native
    /// Whether an untimed run comes first.
    public var warmsUp = true
    /// Bytes that the memory plan must stay within, if it can.
    public var memoryLimit: Int?
    /// Block format in which triangle multiplications keep an operand.
    public var pairFormat: BlockFormat?

    /// The given sizes.
    public init(_ config: FoldingConfig, _ size: ProblemSize) {
      self.config = config
      self.size = size
    }
  }

  /// The measurements.
  public struct Report: Sendable {
    /// Seconds of each run, in order.
    public let seconds: [Double]
    /// Operations of one run.
    public let operations: Double
    /// Operations per second of a large product on one core, measured in the same process.
    public let peakPerCore: Double
    /// Seconds by module of the last run.
    public let breakdown: [(module: String, seconds: Double)]
    /// Largest resident size of the process, bytes.
    public let residentPeak: Int
    /// Largest number of bytes in tensors at one time.
    public let tensorPeak: Int
    /// The memory plan.
    public let memory: MemoryPlan

    /// Median of the runs, seconds.
    public var median: Double { seconds.median }
  }

  private let plan: Plan

  /// A benchmark of `plan`.
  public init(_ plan: Plan) { self.plan = plan }

  /// Runs the benchmark.
  public func run() throws -> Report {
    let config = plan.config
    let memory = MemoryPlan.fitting(
      PassDemand(config, plan.size, storage: plan.storage, threads: plan.threads),
      pairFormat: plan.pairFormat, limit: plan.memoryLimit)
    try memory.requireFit(in: MemoryLimit(allowed: plan.memoryLimit))
    let context = ExecutionContext(
      workers: WorkerGroup(count: plan.threads), pool: BufferPool(), storage: plan.storage,
      backend: plan.backend
    ).following(memory)
    let network = try FoldingNetwork(
      config, parameters: RecipeParameters(config, seed: 1), storage: plan.storage,
      pool: context.pool)
    let features = SyntheticFeatures(plan.size, config: config)
    let inference = RecyclingInference(network, features, recycles: plan.recycles)
    var seconds: [Double] = []
    var breakdown: [(module: String, seconds: Double)] = []
    for repeatIndex in (plan.warmsUp ? 0 : 1)...max(1, plan.repeats) {
      let start = ContinuousClock.now
      breakdown = []
      let outcome = try run(inference, context, &breakdown)
      _ = inference.prediction(outcome, context)
      if repeatIndex > 0 { seconds.append((ContinuousClock.now - start).seconds) }
    }
    return Report(
      seconds: seconds,
      operations: CostModel(config, plan.size).pass * Double(plan.recycles + 1),
      peakPerCore: ProductPeak.measure(plan.storage),
      breakdown: breakdown,
      residentPeak: ProcessMemory.residentPeak, tensorPeak: context.pool.statistics.peak,
      memory: memory)
  }

  /// One run; `sums` receives the seconds between the ends of stages, summed by kind.
  private func run(
    _ inference: RecyclingInference, _ context: ExecutionContext,
    _ sums: inout [(module: String, seconds: Double)]
  ) throws -> RecyclingState {
    var found: [(module: String, seconds: Double)] = []
    var last = ContinuousClock.now
    let outcome = try inference.run(from: nil, context) { _, stage in
      let now = ContinuousClock.now
      let module =
        switch stage {
        case .templates: "templates and embedders"
        case .extraMSA: "extra MSA stack"
        case .evoformer: "Evoformer stack"
        case .structure: "structure module"
        }
      let elapsed = (now - last).seconds
      if let index = found.firstIndex(where: { $0.module == module }) {
        found[index].seconds += elapsed
      } else {
        found.append((module, elapsed))
      }
      last = now
    }
    sums = found
    return outcome
  }
}

extension ForwardBenchmark.Report {
  /// The report as JSON.
  public func json(_ plan: ForwardBenchmark.Plan) -> JSONValue {
    let rate = operations / median
    var fields: ReportSection.Fields = [
      ("benchmark", .string("forward")), ("network", .string(plan.config.name)),
    ]
    fields += ReportSection.problem(plan.size, plan.config)
    fields.append(("passes", .integer(plan.recycles + 1)))
    fields += ReportSection.machine(plan.storage, plan.backend, threads: plan.threads)
    fields += ReportSection.spread(seconds, prefix: "seconds_")
    fields += [
      ("gflop", .number(operations / 1e9)), ("gflop_per_second", .number(rate / 1e9)),
    ]
    fields += ReportSection.peak(perCore: peakPerCore, threads: plan.threads)
    fields.append(("share_of_gemm_peak", .number(rate / (peakPerCore * Double(plan.threads)))))
    fields += ReportSection.memory(resident: residentPeak, tensors: tensorPeak)
    fields += [
      ("planned_peak_mib", .integer(memory.peak >> 20)),
      ("planned_moment", .string(memory.moments.first?.name ?? "")),
      ("pair_operands", .string(memory.operands.text)),
      (
        "modules_seconds",
        .object(breakdown.map { ($0.module, .number($0.seconds)) })
      ),
    ]
    return .object(fields)
  }

  /// The report for people.
  public var text: String {
    let rate = operations / median
    var lines = [
      ReportSection.text(seconds),
      "\(fixed(operations / 1e9, decimals: 0)) GFLOP, \(fixed(rate / 1e9, decimals: 1)) GFLOP/s; one core multiplies at \(fixed(peakPerCore / 1e9, decimals: 1))",
      "peak RSS \(ByteCount(residentPeak)), planned \(ByteCount(memory.peak)) (\(memory.moments.first?.name ?? "")), triangle operands \(memory.operands.text), tensors \(ByteCount(tensorPeak))",
    ]
    lines += breakdown.map { "  \(fixed($0.seconds, decimals: 2)) s  \($0.module)" }
    return lines.joined(separator: "\n")
  }
}
