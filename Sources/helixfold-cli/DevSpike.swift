import ArgumentParser
import HelixFold
import Measurements
import TrainingRun

extension DevCommand {
  /// A training run with one spike in the gradient.
  struct Spike: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "spike",
      abstract: "Train with the gradient of one tensor multiplied in one step.",
      discussion: """
        Shows what clipping makes of a spike: run it with --tensor none, low and high under two values of \
        optimizer.clip and compare the logs. Prints the tensor that was hit and its norm before.
        """)

    @Option(help: "Training configuration: JSON file or preset.")
    var config: String

    @Option(help: "Training store (.h5).")
    var data: String

    @Option(name: [.short, .long], help: "Folder of the run.")
    var output: String

    @Option(help: "Steps in all.")
    var steps = 300

    @Option(help: "Step that is hit, from 0.")
    var at = 100

    @Option(
      help:
        "Tensor that is hit: none, low (smallest gradient of at least a thousandth of the whole) or high."
    )
    var tensor = SpikeExperiment.Target.low

    @Option(help: "Factor.")
    var factor: Float = 1000

    @Option(help: "Seed, instead of the configuration's.")
    var seed: UInt64?

    @OptionGroup var threading: ThreadOptions

    @OptionGroup var reporting: ProgressOptions

    func validate() throws {
      if !(1...1_000_000_000).contains(steps) {
        throw ValidationError("--steps is \(steps), expected 1 to 1000000000")
      }
      if !(0..<steps).contains(at) {
        throw ValidationError("--at is \(at), expected 0 to below --steps (\(steps))")
      }
    }

    func run() throws {
      var config = try TrainingConfig.read(config)
      config.run.steps = steps
      if let seed { config.run.seed = seed }
      Interruption.listen()
      let hit = try SpikeExperiment(
        config: config, store: data, folder: output, step: at, target: tensor, factor: factor,
        threads: threading.workers()
      ).run(ProgressReporter(style: reporting.style))
      if let hit {
        print("tensor\tnorm\twhole_norm")
        print("\(hit.name)\t\(hit.norm)\t\(hit.wholeNorm)")
      }
      print(output)
    }
  }
}

extension SpikeExperiment.Target: ExpressibleByArgument {}
