import ArgumentParser
import FoldingCore
import HelixFold
import Measurements

extension BenchCommand {
  /// Short proteins in one MSA pass.
  struct Packs: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "pack",
      abstract:
        "Time one Evoformer block on short proteins: one by one, packed, and as one protein.")

    @Option(parsing: .upToNextOption, help: "Lengths of the proteins.")
    var lengths = [64, 64, 64, 64]

    @Option(help: "Alignment rows of each protein.")
    var msa = 32

    @Option(help: "Network whose widths are taken: model_1 … model_5, mini or tiny.")
    var preset = "model_1"

    @Option(help: "Timed rounds, after a warm-up; the three take turns.")
    var repeats = 5

    @Flag(help: "Print JSON.")
    var json = false

    @OptionGroup var threads: BenchThreads

    @OptionGroup var compute: ArithmeticOptions

    func validate() throws {
      if lengths.isEmpty || lengths.count > 64
        || lengths.contains(where: { !(1...4096).contains($0) })
      {
        throw ValidationError("--lengths: up to 64 lengths from 1 to 4096")
      }
      for (name, value) in [("--msa", msa), ("--repeats", repeats)]
      where !(1...16_384).contains(value) {
        throw ValidationError("\(name) is \(value), expected 1 to 16384")
      }
    }

    func run() throws {
      compute.pin()
      var plan = PackBenchmark()
      plan.lengths = lengths
      plan.rows = msa
      plan.config = try FoldingConfig.named(preset)
      plan.repeats = repeats
      plan.threads = threads.count
      plan.storage = compute.precision ?? .bfloat16
      plan.backend = compute.gemm
      let report = try plan.run()
      print(json ? report.json(plan).pretty() : report.text)
    }
  }
}
