import ArgumentParser
import FoldingCore
import FoldingModel

/// The sizes that a benchmark takes when none are given.
protocol DefaultSizes {
  static var sizes: (residues: Int, msa: Int, extra: Int, templates: Int) { get }
  static var depths: (blocks: Int, extra: Int) { get }
  static var repeats: Int { get }
}

/// Sizes of a problem and depths of a network, for benchmarks.
struct NetworkSizeOptions<Defaults: DefaultSizes>: ParsableArguments {
  @Option(help: "Residues.")
  var residues = Defaults.sizes.residues

  @Option(help: "Alignment rows of the main stack, template rows not counted.")
  var msa = Defaults.sizes.msa

  @Option(help: "Extra alignment rows.")
  var extra = Defaults.sizes.extra

  @Option(help: "Templates; 0 for a network without them.")
  var templates = Defaults.sizes.templates

  @Option(help: "Evoformer blocks.")
  var blocks = Defaults.depths.blocks

  @Option(help: "Extra-MSA blocks.")
  var extraBlocks = Defaults.depths.extra

  @Option(help: "Network whose widths are taken: model_1 … model_5, mini or tiny.")
  var preset = "model_1"

  @Option(help: "Timed runs, after a warm-up.")
  var repeats = Defaults.repeats

  @Flag(help: "Print JSON.")
  var json = false

  func validate() throws {
    for (name, value, least) in [
      ("--residues", residues, 1), ("--msa", msa, 1), ("--extra", extra, 0),
      ("--templates", templates, 0), ("--blocks", blocks, 1), ("--extra-blocks", extraBlocks, 1),
      ("--repeats", repeats, 1),
    ] where !(least...100_000).contains(value) {
      throw ValidationError("\(name) is \(value), expected \(least) to 100000")
    }
  }

  /// The widths of the preset with the given depths.
  func config() throws -> FoldingConfig {
    var config = try FoldingConfig.named(preset)
    config.evoformer.blocks = blocks
    config.extraMSA.blocks = extraBlocks
    if templates == 0 { config.template = nil }
    return config
  }

  /// The given sizes.
  var size: ProblemSize {
    ProblemSize(residues: residues, clusters: msa, extraRows: extra, templates: templates)
  }
}
