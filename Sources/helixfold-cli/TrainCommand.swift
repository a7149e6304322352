import ArgumentParser
import Distribution
import Foundation
import HelixFold
import TrainingRun

/// `helixfold train`.
struct TrainCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "train", abstract: "Train a network on a store made by 'dataset build'.",
    discussion: """
      The folder of the run gets config.json, log.jsonl, TensorBoard events, last.checkpoint (the state to resume from), \
      previous.checkpoint (the one before it, which stands in if the last one is damaged), \
      weights.h5 (averaged weights at the last checkpoint) and best.h5 (those with the best validation lDDT). \
      Ctrl-C, SIGTERM and SIGHUP save first; --resume goes on, to the same bits as if nothing had happened. \
      Under mpirun or srun the processes share the work: mpirun -n 8 helixfold train --dp 2 --dap 2 --bp 2 … (docs/distributed.md).
      """)

  @Option(
    help:
      "JSON file with what differs from a preset, or a preset: \(TrainingConfig.presetNames.joined(separator: ", "))."
  )
  var config: String

  @Option(help: "Training store (.h5); needed unless --show-config.")
  var data: String?

  @Option(name: [.short, .long], help: "Folder of the run.")
  var output = "runs/run"

  @Flag(help: "Go on from the folder's checkpoint.")
  var resume = false

  @Option(help: "Seed, instead of the configuration's.")
  var seed: UInt64?

  @Option(help: "Steps in all, instead of the configuration's.")
  var steps: Int?

  @Option(
    help: "Parameter file, or folder of a run, to start from, instead of the configuration's.")
  var weights: String?

  @OptionGroup var threading: ThreadOptions

  @Option(
    help:
      "Samples computed side by side; when left out one per thread, or as many as fit into memory. Results do not depend on it."
  )
  var lanes: Int?

  @OptionGroup var memory: MemoryLimitOption

  @Option(
    help: "Groups of processes that train on different samples (data parallelism): 1, 2, 4, 8 …")
  var dp = 1

  @Option(
    help:
      "Processes that share every operation along an axis (dynamic axial parallelism): 1, 2, 4, 8 …"
  )
  var dap = 1

  @Option(
    help:
      "2 runs the MSA branch and the pair branch of every block at the same time (branch parallelism): on two threads, whatever --threads says, or on two processes per group under mpirun. 1 leaves it to the cost model whether the threads of one process share the branches or every operation."
  )
  var bp = 1

  @OptionGroup var kernels: KernelOptions

  @OptionGroup var reporting: ProgressOptions

  @Flag(help: "Print the complete configuration and stop.")
  var showConfig = false

  func validate() throws {
    if data == nil && !showConfig { throw ValidationError("give a training store with --data") }
    if let steps, !(1...1_000_000_000).contains(steps) {
      throw ValidationError("--steps is \(steps), expected 1 to 1000000000")
    }
    if let lanes, !(1...1024).contains(lanes) {
      throw ValidationError("--lanes is \(lanes), expected 1 to 1024")
    }
    for (flag, count) in [("--dp", dp), ("--dap", dap)]
    where !(1...4096).contains(count) || count & (count - 1) != 0 {
      throw ValidationError("\(flag) is \(count), expected a power of two")
    }
    if !(1...2).contains(bp) { throw ValidationError("--bp is \(bp), expected 1 or 2") }
  }

  func run() throws {
    kernels.pin()
    let world = try MessagePassing.join()
    do {
      try train(world)
    } catch {
      try RankFailure.end(world, error)
    }
    MessagePassing.leave(world)
  }

  private func train(_ world: any Communicator) throws {
    var config = try TrainingConfig.read(config)
    if let seed { config.run.seed = seed }
    if let steps { config.run.steps = steps }
    if let weights { config.run.weights = weights }
    if showConfig {
      if world.rank == 0 { print(try config.document(), terminator: "") }
      return
    }
    Interruption.listen()
    var session = TrainingSession(
      config: config, store: data ?? "", folder: output, resumes: resume,
      threads: threading.workers(of: world.size))
    session.lanes = lanes
    session.memoryLimit = memory.limit
    session.grid = ProcessGrid(data: dp, axes: dap, branches: bp)
    try session.run(
      ProgressReporter(style: reporting.style, isSilent: world.rank > 0), world: world)
    if world.rank == 0 { print(output + "/weights.h5") }
  }
}
