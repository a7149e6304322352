import FoldingCore
import FoldingModel
import HelixFold
import Messages
import NumericArrays
import Protein
import TensorCore

/// Times a training step of a network in parallel order three ways, in turn: on one worker, with a worker for each branch of a block,
/// and with every operation split over two workers.
public struct BranchBenchmark: Sendable {
  /// The measurements.
  public struct Report: Sendable {
    /// Seconds of each step on one worker.
    public let single: [Double]
    /// Seconds of each step with the branches side by side.
    public let branches: [Double]
    /// Seconds of each step with operations split over two workers.
    public let split: [Double]
    /// Times of the branches on one worker, mean per step.
    public let times: BranchClock.Times
    /// Whether all runs had the same bits of loss and gradients.
    public let isSame: Bool
    /// Largest resident size of the process, bytes.
    public let residentPeak: Int

    /// Seconds with a worker per branch if only the longer branch took time and everything else were split perfectly.
    public var ideal: Double {
      (single.median - times.first - times.second) / 2 + times.longer
    }
  }

  private let plan: TrainBenchmark.Plan

  /// A benchmark of `plan`; its threads are not used.
  public init(_ plan: TrainBenchmark.Plan) {
    var plan = plan
    plan.config.blockOrder = .parallel
    self.plan = plan
  }

  /// Runs the benchmark, one processor per worker.
  public func run() throws -> Report {
    let clock = BranchClock()
    let (pool, pair) = (BufferPool(), WorkerGroup(count: 2, isPinned: true))
    func context(_ workers: WorkerGroup, _ branches: BranchSchedule) -> ExecutionContext {
      ExecutionContext(
        workers: workers, pool: pool, storage: plan.storage, backend: plan.backend
      ).scheduling(branches)
    }
    let step = try TrainStep(plan, pool: pool)
    _ = try step.run(context(pair, .sideBySide))
    var runs: [[TrainStep.Outcome]] = [[], [], []]
    for _ in 0..<max(1, plan.repeats) {
      runs[0].append(try step.run(context(WorkerGroup(count: 1), .inTurn(clock))))
      runs[1].append(try step.run(context(pair, .sideBySide)))
      runs[2].append(try step.run(context(pair, .inTurn(nil))))
    }
    let all = runs.flatMap { $0 }
    return Report(
      single: runs[0].map(\.seconds), branches: runs[1].map(\.seconds),
      split: runs[2].map(\.seconds),
      times: clock.times.mean(of: runs[0].count),
      isSame: all.allSatisfy {
        $0.loss == all[0].loss && $0.gradientDigest == all[0].gradientDigest
      },
      residentPeak: ProcessMemory.residentPeak)
  }
}

extension BranchBenchmark.Report {
  /// The report as JSON.
  public func json(_ plan: TrainBenchmark.Plan) -> JSONValue {
    let exchange = BranchExchange(plan.config, plan.size)
    func spread(_ values: [Double]) -> JSONValue { .object(ReportSection.spread(values)) }
    var fields: ReportSection.Fields = [("benchmark", .string("branch-parallel"))]
    fields += ReportSection.problem(plan.size, plan.config)
    fields += [
      ("loss", .string(plan.loss.rawValue)),
      ("precision", .string(plan.storage.rawValue)),
      ("isa", .string(ProgramIdentity.kernels)),
      ("runs", .integer(single.count)),
      ("one_worker_seconds", spread(single)),
      ("two_branches_seconds", spread(branches)),
      ("two_split_seconds", spread(split)),
      ("speedup_branches", .number(single.median / branches.median)),
      ("speedup_split", .number(single.median / split.median)),
      ("speedup_ideal", .number(single.median / ideal)),
      ("msa_branch_seconds", .number(times.first)), ("pair_branch_seconds", .number(times.second)),
      ("same_bits", .bool(isSame)),
      ("block_exchange_mib", .number(exchange.perBlock / 1_048_576)),
      ("default", .string(Self.choice(for: plan))),
      ("peak_rss_mib", .integer(residentPeak >> 20)),
    ]
    return .object(fields)
  }

  /// What the cost model chooses for a shape.
  private static func choice(for plan: TrainBenchmark.Plan) -> String {
    BranchPlan(plan.config, plan.size).prefersBranches ? "branches" : "split"
  }

  /// The report for people.
  public func text(_ plan: TrainBenchmark.Plan) -> String {
    let base = single.median
    let exchange = BranchExchange(plan.config, plan.size)
    return """
      one worker             \(fixed(base, decimals: 2)) s
      a worker per branch    \(fixed(branches.median, decimals: 2)) s, \(fixed(base / branches.median, decimals: 2)) times as fast; ideal \(fixed(base / ideal, decimals: 2))
      operations split       \(fixed(split.median, decimals: 2)) s, \(fixed(base / split.median, decimals: 2)) times as fast
      branches of the blocks \(fixed(times.first, decimals: 2)) s (MSA), \(fixed(times.second, decimals: 2)) s (pair) of a step on one worker
      default for the shape  \(Self.choice(for: plan))
      same bits              \(isSame ? "yes, of the loss and of all gradients" : "NO")
      two processes would exchange \(fixed(exchange.perBlock / 1_048_576, decimals: 2)) MiB per block and step
      """
  }
}
