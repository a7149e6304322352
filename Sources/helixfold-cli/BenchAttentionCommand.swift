import ArgumentParser
import HelixFold
import Measurements
import Reports

extension BenchCommand {
  /// The attention kernel alone.
  struct Attention: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "attention",
      abstract:
        "Time gated attention with pair bias on one core, dense and on proteins packed side by side (FlashMask)."
    )

    @Option(help: "Positions.")
    var residues = 256

    @Option(help: "Heads.")
    var heads = 4

    @Option(help: "Channels of a head.")
    var channels = 32

    @Option(
      parsing: .upToNextOption, help: "Lengths of proteins that are packed; each sees itself alone."
    )
    var packed: [Int] = []

    @Option(help: "Timed rounds, after a warm-up; dense and packed take turns.")
    var repeats = 20

    @Option(
      help:
        "Time packs of 1 to 16 equal proteins and draw time against skipped share into this file (SVG or PNG)."
    )
    var figure: String?

    @Flag(help: "Print JSON.")
    var json = false

    @OptionGroup var compute: ArithmeticOptions

    func validate() throws {
      for (name, value) in [
        ("--residues", residues), ("--heads", heads), ("--channels", channels),
        ("--repeats", repeats),
      ] where !(1...16_384).contains(value) {
        throw ValidationError("\(name) is \(value), expected 1 to 16384")
      }
      let total = packed.reduce(0) { $0.addingReportingOverflow($1).partialValue }
      if packed.contains(where: { !(1...16_384).contains($0) }) || total > residues {
        throw ValidationError("--packed: lengths from 1, together at most --residues (\(residues))")
      }
      if figure != nil && (json || !packed.isEmpty) {
        throw ValidationError(
          "--figure chooses its own packs and prints text: leave out --packed and --json")
      }
    }

    func run() throws {
      compute.pin()
      var plan = AttentionBenchmark()
      plan.positions = residues
      plan.heads = heads
      plan.channels = channels
      plan.lengths = packed
      plan.repeats = repeats
      plan.storage = compute.precision ?? .bfloat16
      if let figure {
        let packs = AttentionFigure(plan)
        try packs.figure.write(to: figure)
        print(packs.text)
        return
      }
      let report = plan.run()
      print(json ? report.json(plan).pretty() : report.text)
    }
  }
}
