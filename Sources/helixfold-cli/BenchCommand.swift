import ArgumentParser
import FoldingCore
import FoldingModel
import HelixFold

/// `helixfold bench`: how fast, in how much memory.
struct BenchCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bench", abstract: "Measure speed and memory on this machine.",
    subcommands: [
      Forward.self, Train.self, BranchParallel.self, Attention.self, Scaling.self, Messages.self,
    ])

  /// Whole passes on synthetic features.
  struct Forward: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "forward",
      abstract: "Time whole passes of the network on synthetic features with random parameters.")

    @Option(help: "Residues.")
    var residues = 128

    @Option(help: "Alignment rows of the main stack, template rows not counted.")
    var msa = 128

    @Option(help: "Extra alignment rows.")
    var extra = 1024

    @Option(help: "Templates; 0 for a network without them.")
    var templates = 4

    @Option(help: "Passes after the first.")
    var recycles = 0

    @Option(help: "Evoformer blocks.")
    var blocks = 48

    @Option(help: "Extra-MSA blocks.")
    var extraBlocks = 4

    @Option(help: "Timed runs, after a warm-up.")
    var repeats = 3

    @Flag(help: "Print JSON.")
    var json = false

    @OptionGroup var compute: ComputeOptions

    func validate() throws {
      for (name, value, least) in [
        ("--residues", residues, 1), ("--msa", msa, 1), ("--extra", extra, 0),
        ("--templates", templates, 0), ("--recycles", recycles, 0), ("--blocks", blocks, 1),
        ("--extra-blocks", extraBlocks, 1), ("--repeats", repeats, 1),
      ] where !(least...100_000).contains(value) {
        throw ValidationError("\(name) is \(value), expected \(least) to 100000")
      }
    }

    func run() throws {
      compute.pin()
      var config = FoldingConfig()
      config.name = "model_1"
      config.evoformer.blocks = blocks
      config.extraMSA.blocks = extraBlocks
      if templates == 0 { config.template = nil }
      var plan = ForwardBenchmark.Plan(
        config,
        ProblemSize(residues: residues, clusters: msa, extraRows: extra, templates: templates))
      plan.recycles = recycles
      plan.repeats = repeats
      plan.threads = compute.threads == 0 ? 1 : compute.threads
      plan.storage = compute.precisionOr(.bf16)
      plan.backend = compute.gemm
      let report = try ForwardBenchmark(plan).run()
      print(json ? report.json(plan).pretty() : report.text)
    }
  }
}
