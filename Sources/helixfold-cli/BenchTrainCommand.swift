import ArgumentParser
import FoldingCore
import FoldingModel
import HelixFold

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

    @Option(help: "Residues.")
    var residues = 128

    @Option(help: "Alignment rows of the main stack, template rows not counted.")
    var msa = 64

    @Option(help: "Extra alignment rows.")
    var extra = 256

    @Option(help: "Templates; 0 for a network without them.")
    var templates = 0

    @Option(help: "Evoformer blocks.")
    var blocks = 4

    @Option(help: "Extra-MSA blocks.")
    var extraBlocks = 1

    @Option(help: "Network whose widths are taken: model_1 … model_5, mini or tiny.")
    var preset = "model_1"

    @Option(help: "Loss: surrogate or full.")
    var loss = TrainBenchmark.Loss.surrogate

    @Flag(help: "Leave out structure module and heads, for the surrogate.")
    var trunkOnly = false

    @Flag(
      inversion: .prefixedNo,
      help: "Run blocks again for their gradients instead of keeping activations.")
    var recompute = true

    @Option(help: "Timed runs, after a warm-up.")
    var repeats = 3

    @Flag(help: "Print JSON.")
    var json = false

    @OptionGroup var compute: ComputeOptions

    func validate() throws {
      for (name, value, least) in [
        ("--residues", residues, 1), ("--msa", msa, 1), ("--extra", extra, 0),
        ("--templates", templates, 0), ("--blocks", blocks, 1), ("--extra-blocks", extraBlocks, 1),
        ("--repeats", repeats, 1),
      ] where !(least...100_000).contains(value) {
        throw ValidationError("\(name) is \(value), expected \(least) to 100000")
      }
    }

    func run() throws {
      compute.pin()
      var config = try FoldingConfig.named(preset)
      config.evoformer.blocks = blocks
      config.extraMSA.blocks = extraBlocks
      if templates == 0 { config.template = nil }
      var plan = TrainBenchmark.Plan(
        config,
        ProblemSize(residues: residues, clusters: msa, extraRows: extra, templates: templates))
      plan.loss = loss
      plan.isTrunkOnly = trunkOnly && loss == .surrogate
      plan.repeats = repeats
      plan.recomputes = recompute
      plan.threads = compute.threads == 0 ? 1 : compute.threads
      plan.storage = compute.precisionOr(.bf16)
      plan.backend = compute.gemm
      let report = try TrainBenchmark(plan).run()
      print(json ? report.json(plan).pretty() : report.text)
    }
  }
}

extension TrainBenchmark.Loss: ExpressibleByArgument {}
