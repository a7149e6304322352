import ArgumentParser
import HelixFold
import Measurements

extension DevCommand {
  /// Features and labels in, loss terms and the gradient of every parameter out.
  struct Gradients: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "gradients",
      abstract: "Compute the training loss and the gradient of every parameter, without dropout.",
      discussion: """
        Inputs are those of dev forward with the labels all_atom_positions, all_atom_mask, resolution and \
        use_clamped_fape. Outputs are named loss, loss/<head>/<term> and grad/<scope>//<name>. Gradients flow \
        through the last pass only.
        """)

    @Option(help: "Parameters in any format that predict reads.")
    var params: String

    @Option(help: "Processed features with labels (npz).")
    var inputs: String

    @Option(help: "Dump to write (npz).")
    var output: String

    @Option(
      name: [.long, .customLong("config")],
      help: "Network: a preset or a JSON file; recognised from the parameters when left out.")
    var preset: String?

    @Option(help: "Start from recycled/prev_* of this dump instead of this run's own passes.")
    var teacher: String?

    @Option(
      help: """
        Passes before the differentiated one; when left out, what X_recipe.json beside X_inputs.npz
        says, or one less than there are draws.
        """)
    var recycles: Int?

    @Option(help: "Weight of structural violations: 1 in fine-tuning, 0 before.")
    var violationWeight = 1.0

    @Flag(help: "Keep the activations of all blocks, do not compute them again; changes no bit.")
    var keepActivations = false

    @OptionGroup var compute: ComputeOptions

    func validate() throws {
      if let recycles, !(0...1000).contains(recycles) {
        throw ValidationError("--recycles is \(recycles), expected 0 to 1000")
      }
      if !violationWeight.isFinite || violationWeight < 0 {
        throw ValidationError("--violation-weight is \(violationWeight), expected 0 or more")
      }
    }

    func run() throws {
      compute.arithmetic.pin()
      var request = GradientRequest(parameters: params, inputs: inputs, output: output)
      request.preset = preset
      request.teacher = teacher
      request.recycles = recycles
      request.violationWeight = violationWeight
      request.recomputes = !keepActivations
      request.storage = compute.arithmetic.precision ?? .float32
      request.threads = compute.threading.workers()
      request.backend = compute.arithmetic.gemm
      try request.run()
    }
  }
}
