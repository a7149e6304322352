import FoldingCore
import FoldingModel
import HelixFold
import Messages
import TensorCore
import Testing

@testable import Measurements

@Suite("Reports of benchmarks")
struct BenchmarkReportTests {
  private let size = ProblemSize(residues: 9, clusters: 2, extraRows: 0, templates: 0)

  /// Problem, arithmetic and times, between which either benchmark has words of its own.
  private let problem = ["residues", "msa", "extra", "templates", "blocks", "extra_blocks"]
  private let machine = [
    "precision", "gemm", "isa", "threads", "seconds_median", "seconds_min", "seconds_max",
  ]

  private func keys(_ report: JSONValue) -> [String] {
    guard case .object(let members) = report else { return [] }
    return members.map(\.0)
  }

  @Test("a forward report has these members in this order")
  func forward() {
    let memory = MemoryPlan(
      PassDemand(
        .tiny, size, parameters: ParameterFootprint(sizes: [1]), storage: .float32, threads: 1))
    let report = ForwardBenchmark.Report(
      seconds: [3, 1, 2, 4], operations: 1e9, peakPerCore: 1e9, breakdown: [("trunk", 1)],
      residentPeak: 3 << 20, tensorPeak: 2 << 20, memory: memory)
    let own = ["gflop", "gflop_per_second", "gemm_peak_gflop_per_second", "share_of_gemm_peak"]
    let last = [
      "peak_rss_mib", "tensor_peak_mib", "planned_peak_mib", "planned_moment", "pair_operands",
      "modules_seconds",
    ]
    #expect(
      keys(report.json(ForwardBenchmark.Plan(.tiny, size)))
        == ["benchmark", "network"] + problem + ["passes"] + machine + own + last)
    #expect(report.text.hasPrefix("median 2.50 s of 4 runs (1.00 to 4.00)\n1 GFLOP, 0.4 GFLOP/s"))
  }

  @Test(
    "reports of a block, of attention and of products state instruction set, spread, share and memory"
  )
  func parts() {
    let memory = MemoryPlan(
      PassDemand(
        .tiny, size, parameters: ParameterFootprint(sizes: [1]), storage: .float32, threads: 1))
    let block = BlockBenchmark.Report(
      forward: [1, 2], both: [3], operations: 1e9, memory: memory, peakPerCore: 1e9,
      residentPeak: 1 << 20, tensorPeak: 1 << 20)
    let attention = AttentionBenchmark.Report(
      skipping: ([1], [1]), dense: ([2, 4], [1]), hiddenShare: 0, skippedShare: 0, operations: 3e9,
      peak: 2e9, residentPeak: 1 << 20, tensorPeak: 1 << 20)
    let product = ProductBenchmark.Report(
      rows: [.init(name: "a", shape: (1, 1, 1), seconds: [[1, 2], [4], [8]])], peak: 1,
      residentPeak: 1 << 20, tensorPeak: 1 << 20)
    let all = ["isa", "threads", "gemm_peak_gflop_per_second", "peak_rss_mib"]
    let block1 = block.json(TrainBenchmark.Plan(.tiny, size))
    #expect(Set(keys(block1)).isSuperset(of: all + ["gemm", "forward_share_of_peak"]))
    let attention1 = attention.json(AttentionBenchmark())
    #expect(Set(keys(attention1)).isSuperset(of: all + ["dense_share_of_peak"]))
    #expect(attention1.text.contains(#""dense_share_of_peak": 0.5"#))
    #expect(attention.text.hasPrefix("forward  3000.000 ms (2000.000 to 4000.000), 1.0 GFLOP/s"))
    let products = product.json(ProductBenchmark())
    #expect(Set(keys(products)).isSuperset(of: all + ["openblas_precision", "products"]))
    #expect(product.text.hasPrefix("a, 1 × 1 × 1: native "))
  }

  @Test("a training report has these members in this order")
  func train() {
    let report = TrainBenchmark.Report(
      seconds: [3, 1, 2], forwardSeconds: [1, 1, 1], operations: 1e9, peakPerCore: 1e9,
      gradientNorm: 1, loss: 2, residentPeak: 3 << 20, tensorPeak: 2 << 20, checkpointBytes: 4)
    let own = [
      "forward_seconds_median", "forward_gflop", "forward_share_of_peak",
      "gemm_peak_gflop_per_second",
    ]
    let last = [
      "loss_value", "gradient_norm", "peak_rss_mib", "tensor_peak_mib", "saved_activations",
      "saved_activation_bytes", "saved_activation_share_of_tensor_peak",
    ]
    #expect(
      keys(report.json(TrainBenchmark.Plan(.tiny, size)))
        == ["benchmark", "network", "loss", "trunk_only"] + problem + ["recompute"] + machine + own
        + last)
    #expect(report.text.hasPrefix("median 2.00 s of 3 runs (1.00 to 3.00), forward 1.00 s of it\n"))
  }

  @Test("steps are compared by the bits of their gradients")
  func gradientDigest() throws {
    func digest(_ loss: TrainBenchmark.Loss, workers: Int) throws -> UInt64 {
      var plan = TrainBenchmark.Plan(.tiny, size)
      (plan.loss, plan.isTrunkOnly, plan.storage) = (loss, false, .float32)
      let pool = BufferPool()
      return try TrainStep(plan, pool: pool).run(
        ExecutionContext(
          workers: WorkerGroup(count: workers), pool: pool, storage: plan.storage,
          backend: plan.backend)
      ).gradientDigest
    }
    let first = try digest(.full, workers: 1)
    #expect(try digest(.full, workers: 2) == first)
    #expect(try digest(.surrogate, workers: 1) != first)
  }

  @Test("a report on branches says what the cost model chooses, to people too")
  func branches() {
    var config = FoldingConfig.tiny
    config.blockOrder = .parallel
    let plan = TrainBenchmark.Plan(config, size)
    let report = BranchBenchmark.Report(
      single: [2], branches: [1], split: [1], times: BranchClock().times, isSame: false,
      residentPeak: 0)
    let choice = BranchPlan(config, size).prefersBranches ? "branches" : "split"
    let text = report.text(plan)
    #expect(text.contains("default for the shape  \(choice)\n") && text.contains("NO"))
  }
}
