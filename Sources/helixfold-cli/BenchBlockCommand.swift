import ArgumentParser
import FoldingModel
import HelixFold
import Measurements
import TensorCore

extension BenchCommand {
  /// One Evoformer block.
  struct Block: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "block",
      abstract: "Time one Evoformer block, forward and with its derivatives; random parameters.",
      discussion:
        "Peak memory is that of the last kind timed; --forward-only leaves out derivatives.")

    @OptionGroup var network: NetworkSizeOptions<BlockSizes>

    @Flag(help: "Leave out derivatives.")
    var forwardOnly = false

    @Flag(
      inversion: .prefixedNo,
      help: "Run the block again for its derivatives instead of keeping activations.")
    var recompute = true

    @OptionGroup var memory: MemoryOptions

    @Flag(inversion: .prefixedNo, help: "Run once before timing.")
    var warmUp = true

    @OptionGroup var threads: BenchThreads

    @OptionGroup var compute: ArithmeticOptions

    func run() throws {
      compute.pin()
      var plan = TrainBenchmark.Plan(try network.config(), network.size)
      plan.repeats = network.repeats
      plan.recomputes = recompute
      plan.threads = threads.count
      plan.storage = compute.precision ?? .bfloat16
      plan.backend = compute.gemm
      let report = try BlockBenchmark(
        plan, differentiates: !forwardOnly, warmsUp: warmUp,
        pairFormat: memory.pairStorage.format, memoryLimit: memory.limit
      ).run()
      print(network.json ? report.json(plan).pretty() : report.text)
    }
  }

  /// Matrix products.
  struct Product: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "gemm",
      abstract:
        "Time the network's matrix products on one core, native and OpenBLAS in turns.",
      discussion: """
        openblas is one call of cblas_sgemm for the whole product, in fp32 whatever --precision says; openblas_panels is what \
        --gemm openblas does: panels of fixed size, so that bits do not depend on how work is cut.
        """)

    @Option(help: "Timed rounds, after a warm-up.")
    var repeats = 9

    @Flag(help: "Print JSON.")
    var json = false

    @OptionGroup var compute: ArithmeticOptions

    func validate() throws {
      if !(1...10_000).contains(repeats) {
        throw ValidationError("--repeats is \(repeats), expected 1 to 10000")
      }
      if let problem = MatrixBackend.openblas.problem {
        throw ValidationError("nothing to compare with: \(problem)")
      }
    }

    func run() throws {
      compute.pin()
      var plan = ProductBenchmark()
      plan.repeats = repeats
      plan.storage = compute.precision ?? .bfloat16
      let report = plan.run()
      print(json ? report.json(plan).pretty() : report.text)
    }
  }
}

/// Sizes of `bench block`.
enum BlockSizes: DefaultSizes {
  static let sizes = (residues: 256, msa: 128, extra: 0, templates: 0)
  static let depths = (blocks: 1, extra: 1)
  static let repeats = 3
}
