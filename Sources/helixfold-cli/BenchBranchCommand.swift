import ArgumentParser
import FoldingCore
import FoldingModel
import HelixFold
import Measurements

extension BenchCommand {
  /// Two workers with a branch each, compared with one worker and with split operations.
  struct BranchParallel: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "branch-parallel",
      abstract:
        "Time a training step in parallel order: one worker, a worker per branch, operations split over two.",
      discussion: """
        The three take turns in one process, every worker tied to a processor. ideal is what the branch times measured on one worker \
        allow; default is what the cost model chooses for the shape.
        """)

    @OptionGroup var network: NetworkSizeOptions<BranchSizes>

    @Option(help: "Loss: surrogate or full.")
    var loss = TrainBenchmark.Loss.full

    @OptionGroup var compute: ArithmeticOptions

    func run() throws {
      compute.pin()
      var config = try network.config()
      config.blockOrder = .parallel
      var plan = TrainBenchmark.Plan(config, network.size)
      plan.loss = loss
      plan.isTrunkOnly = false
      plan.repeats = network.repeats
      plan.storage = compute.precision ?? .bfloat16
      plan.backend = compute.gemm
      let report = try BranchBenchmark(plan).run()
      print(network.json ? report.json(plan).pretty() : report.text(plan))
    }
  }
}

/// Sizes of `bench branch-parallel`.
enum BranchSizes: DefaultSizes {
  static let sizes = (residues: 256, msa: 128, extra: 1024, templates: 4)
  static let depths = (blocks: 4, extra: 1)
  static let repeats = 5
}
