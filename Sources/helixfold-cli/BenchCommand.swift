import ArgumentParser
import FoldingCore
import FoldingModel
import HelixFold
import Measurements

/// `helixfold bench`: speed and memory.
struct BenchCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bench", abstract: "Measure speed and memory on this machine.",
    subcommands: [
      Forward.self, Train.self, Block.self, Packs.self, Attention.self, Product.self,
      BranchParallel.self, Scaling.self, Messages.self,
    ])

  /// Whole passes on synthetic features.
  struct Forward: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "forward",
      abstract: "Time whole passes of the network on synthetic features with random parameters.")

    @OptionGroup var network: NetworkSizeOptions<ForwardSizes>

    @Option(help: "Passes after the first.")
    var recycles = 0

    @OptionGroup var memory: MemoryOptions

    @Flag(inversion: .prefixedNo, help: "Run once before timing.")
    var warmUp = true

    @OptionGroup var threads: BenchThreads

    @OptionGroup var compute: ArithmeticOptions

    func validate() throws {
      if !(0...100_000).contains(recycles) {
        throw ValidationError("--recycles is \(recycles), expected 0 to 100000")
      }
    }

    func run() throws {
      compute.pin()
      let config = try network.config()
      var plan = ForwardBenchmark.Plan(config, network.size)
      plan.recycles = recycles
      plan.repeats = network.repeats
      plan.threads = threads.count
      plan.storage = compute.precision ?? .bfloat16
      plan.backend = compute.gemm
      plan.warmsUp = warmUp
      plan.memoryLimit = memory.limit
      plan.pairFormat = memory.pairStorage.format
      let report = try ForwardBenchmark(plan).run()
      print(network.json ? report.json(plan).pretty() : report.text)
    }
  }
}

/// Sizes of `bench forward`.
enum ForwardSizes: DefaultSizes {
  static let sizes = (residues: 128, msa: 128, extra: 1024, templates: 4)
  static let depths = (blocks: 48, extra: 4)
  static let repeats = 3
}
