import ArgumentParser
import FoldingCore
import HelixFold
import Measurements

/// `helixfold dev`: for those who check the program against others.
struct DevCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "dev", abstract: "Compare the network with other implementations.",
    subcommands: [
      Forward.self, Gradients.self, GridGradients.self, CompareRuns.self, Compare.self,
      Parameters.self, Spike.self, Precision.self,
    ])

  /// Features straight into the network, every tensor out.
  struct Forward: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "forward",
      abstract: "Run processed features through the network and dump outputs and intermediates.",
      discussion: """
        Inputs are an npz in the layout of the released feature pipeline, each array with a leading axis of one \
        draw per pass. Outputs are named pass<k>/<head>/..., pass<k>/representations/... and \
        pass<k>/inter/....
        """)

    @Option(help: "Parameters in any format that predict reads.")
    var params: String

    @Option(help: "Processed features (npz).")
    var inputs: String

    @Option(help: "Dump to write (npz).")
    var output: String

    @Option(
      name: [.long, .customLong("config")],
      help: "Network: a preset or a JSON file; recognised from the parameters when left out.")
    var preset: String?

    @Option(
      help: "Start each pass from pass<k>/prev_* of this dump instead of this run's own results.")
    var teacher: String?

    @Option(
      help:
        "Passes after the first; one per draw of the inputs, or the teacher's number, when left out."
    )
    var recycles: Int?

    @OptionGroup var compute: ComputeOptions

    func validate() throws {
      if let recycles, !(0...1000).contains(recycles) {
        throw ValidationError("--recycles is \(recycles), expected 0 to 1000")
      }
    }

    func run() throws {
      compute.arithmetic.pin()
      var request = ForwardRequest(parameters: params, inputs: inputs, output: output)
      request.preset = preset
      request.teacher = teacher
      request.recycles = recycles
      request.storage = compute.arithmetic.precision ?? .float32
      request.threads = compute.threading.workers()
      request.backend = compute.arithmetic.gemm
      try request.run()
    }
  }
}
