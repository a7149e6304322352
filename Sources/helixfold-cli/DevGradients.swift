import ArgumentParser
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
        through the last pass only. With --teacher it starts from recycled/prev_*, and without --recycles \
        X_recipe.json beside X_inputs.npz says how often it recycles, or else there is a pass per draw.
        """)

    @OptionGroup var oracle: OracleArguments

    @Option(help: "Weight of structural violations: 1 in fine-tuning, 0 before.")
    var violationWeight = 1.0

    @Flag(help: "Keep the activations of all blocks, do not compute them again; changes no bit.")
    var keepActivations = false

    func validate() throws {
      if !violationWeight.isFinite || violationWeight < 0 {
        throw ValidationError("--violation-weight is \(violationWeight), expected 0 or more")
      }
    }

    func run() throws {
      oracle.compute.arithmetic.pin()
      var request = GradientRequest(oracle.run)
      request.violationWeight = violationWeight
      request.recomputes = !keepActivations
      try request.run()
    }
  }
}
