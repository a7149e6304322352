import ArgumentParser
import FoldingCore
import FoldingModel
import HelixFold
import Measurements

extension BenchCommand {
  /// Forward and backward pass on synthetic features.
  struct Train: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "train",
      abstract: "Time a forward and backward pass on synthetic features with random parameters.",
      discussion: """
        surrogate is the sum of the mean squares of the MSA, pair and single representations with --trunk-only, else of \
        what the heads say; full is the training loss, which always runs the whole network, --trunk-only or not.
        """)

    @OptionGroup var network: NetworkSizeOptions<TrainSizes>

    @Option(help: "Loss: surrogate or full.")
    var loss = TrainBenchmark.Loss.surrogate

    @Flag(help: "Leave out structure module and heads, for the surrogate.")
    var trunkOnly = false

    @Flag(
      inversion: .prefixedNo,
      help: "Run blocks again for their gradients instead of keeping activations.")
    var recompute = true

    @Option(
      help:
        "How inputs of blocks are kept until these run again: plain, int8 or fp8 (blocks of 32 with one scale)."
    )
    var savedActivations = BlockStorage.plain

    @OptionGroup var threads: BenchThreads

    @OptionGroup var compute: ArithmeticOptions

    func validate() throws {
      if savedActivations != .plain && !recompute {
        throw ValidationError("--saved-activations needs --recompute")
      }
    }

    func run() throws {
      compute.pin()
      if trunkOnly && loss == .full {
        StandardStreams.writeError(
          "helixfold: warning: --loss full needs the whole network: --trunk-only has no effect\n")
      }
      let config = try network.config()
      var plan = TrainBenchmark.Plan(config, network.size)
      plan.loss = loss
      plan.isTrunkOnly = trunkOnly && loss == .surrogate
      plan.repeats = network.repeats
      plan.recomputes = recompute
      plan.checkpointFormat = savedActivations.format
      plan.threads = threads.count
      plan.storage = compute.precision ?? .bfloat16
      plan.backend = compute.gemm
      let report = try TrainBenchmark(plan).run()
      print(network.json ? report.json(plan).pretty() : report.text)
    }
  }
}

extension TrainBenchmark.Loss: ExpressibleByArgument {}

/// Sizes of `bench train`.
enum TrainSizes: DefaultSizes {
  static let sizes = (residues: 128, msa: 64, extra: 256, templates: 0)
  static let depths = (blocks: 4, extra: 1)
  static let repeats = 3
}
