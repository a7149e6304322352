import ArgumentParser
import FoldingCore
import FoldingModel
import HelixFold

extension BenchCommand {
  /// Two workers with a branch each against one worker and against split operations.
  struct BranchParallel: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "branch-parallel",
      abstract:
        "Time a training step in parallel order: one worker, a worker per branch, operations split over two.",
      discussion: """
        The three take turns in one process, every worker tied to a processor. ideal is what the branch times measured on one worker \
        allow; default is what the cost model chooses for the shape.
        """)

    @Option(help: "Residues.")
    var residues = 256

    @Option(help: "Alignment rows of the main stack, template rows not counted.")
    var msa = 128

    @Option(help: "Extra alignment rows.")
    var extra = 1024

    @Option(help: "Templates; 0 for a network without them.")
    var templates = 4

    @Option(help: "Evoformer blocks.")
    var blocks = 4

    @Option(help: "Extra-MSA blocks.")
    var extraBlocks = 1

    @Option(help: "Network whose widths are taken: model_1 … model_5, mini or tiny.")
    var preset = "model_1"

    @Option(help: "Loss: surrogate or full.")
    var loss = TrainBenchmark.Loss.full

    @Option(help: "Timed runs of each kind, after a warm-up.")
    var repeats = 5

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
      config.blockOrder = .parallel
      config.evoformer.blocks = blocks
      config.extraMSA.blocks = extraBlocks
      if templates == 0 { config.template = nil }
      var plan = TrainBenchmark.Plan(
        config,
        ProblemSize(residues: residues, clusters: msa, extraRows: extra, templates: templates))
      plan.loss = loss
      plan.isTrunkOnly = false
      plan.repeats = repeats
      plan.storage = compute.precisionOr(.bf16)
      plan.backend = compute.gemm
      let report = try BranchBenchmark(plan).run()
      print(json ? report.json(plan).pretty() : report.text(plan))
    }
  }
}
