import ArgumentParser
import HelixFold
import TrainingRun

/// `helixfold train`.
struct TrainCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "train", abstract: "Train a network on a store made by 'dataset build'.",
    discussion: """
      The folder of the run gets config.json, log.jsonl, TensorBoard events, last.checkpoint (the state to resume from), \
      weights.h5 (averaged weights at the last checkpoint) and best.h5 (those with the best validation lDDT). \
      Ctrl-C and SIGTERM save first; --resume goes on, to the same bits as if nothing had happened.
      """)

  @Option(
    help:
      "JSON file with what differs from a preset, or a preset: \(TrainingConfig.presetNames.joined(separator: ", "))."
  )
  var config: String

  @Option(help: "Training store (.h5).")
  var data: String

  @Option(name: [.short, .long], help: "Folder of the run.")
  var output = "runs/run"

  @Flag(help: "Go on from the folder's checkpoint.")
  var resume = false

  @Option(help: "Seed, instead of the configuration's.")
  var seed: UInt64?

  @Option(help: "Steps in all, instead of the configuration's.")
  var steps: Int?

  @Option(help: "Parameter file to start from, instead of the configuration's.")
  var weights: String?

  @Option(help: "Worker threads; 0 takes every core. Results do not depend on it.")
  var threads = 0

  @Option(
    help:
      "Samples computed side by side, one per thread when left out; fewer take less memory. Results do not depend on it."
  )
  var lanes: Int?

  @Option(help: "Progress: bar, json or quiet; a bar on a terminal by default.")
  var progress: ProgressReporter.Style?

  @Flag(help: "Print the complete configuration and stop.")
  var showConfig = false

  func validate() throws {
    if let steps, !(1...1_000_000_000).contains(steps) {
      throw ValidationError("--steps is \(steps), expected 1 to 1000000000")
    }
    if let lanes, !(1...1024).contains(lanes) {
      throw ValidationError("--lanes is \(lanes), expected 1 to 1024")
    }
    if !(0...1024).contains(threads) {
      throw ValidationError("--threads is \(threads), expected 0 to 1024")
    }
  }

  func run() throws {
    var config = try TrainingConfig.read(config)
    if let seed { config.run.seed = seed }
    if let steps { config.run.steps = steps }
    if let weights { config.run.weights = weights }
    if showConfig {
      print(try config.document(), terminator: "")
      return
    }
    Interruption.listen()
    var session = TrainingSession(
      config: config, store: data, folder: output, resumes: resume,
      threads: ComputeOptions.workers(threads))
    session.lanes = lanes
    try session.run(ProgressReporter(style: progress))
    print(output + "/weights.h5")
  }
}
