import ArgumentParser
import Measurements

/// Flags of the commands that run the network on features of another implementation.
struct OracleArguments: ParsableArguments {
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

  @Option(help: "Start from the recycled tensors of this dump instead of this run's own.")
  var teacher: String?

  @Option(help: "Passes before the last; as many as the other implementation made when left out.")
  var recycles: Int?

  @OptionGroup var compute: ComputeOptions

  func validate() throws {
    if let recycles, !(0...1000).contains(recycles) {
      throw ValidationError("--recycles is \(recycles), expected 0 to 1000")
    }
  }

  /// The run that these flags specify.
  var run: OracleRun {
    var run = OracleRun(parameters: params, inputs: inputs, output: output)
    run.preset = preset
    run.teacher = teacher
    run.recycles = recycles
    run.storage = compute.arithmetic.precision ?? .float32
    run.threads = compute.threading.workers()
    run.backend = compute.arithmetic.gemm
    return run
  }
}
