import ArgumentParser
import Distribution
import HelixFold
import Measurements
import TrainingRun

extension DevCommand {
  /// Training on a grid compared with training in one process.
  struct GridGradients: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "grid-gradients",
      abstract:
        "Under mpirun: compare the gradient of the first step with that of one process, and the weights of all after every step.",
      discussion: """
        Prints a table: the worst share of the bound (1e-5 of an array and 1e-6 of the whole gradient), the number of arrays, and how often \
        a process had other weights than the first.
        """)

    @Option(help: "Configuration of a run.")
    var config: String

    @Option(help: "Training store (.h5).")
    var data: String

    @Option(help: "Groups with different samples.")
    var dp = 1

    @Option(help: "Processes that share operations.")
    var dap = 1

    @Option(help: "Processes that run branches.")
    var bp = 1

    func run() throws {
      let world = try MessagePassing.join()
      do {
        if world.size == 1 {
          throw CommunicationError.grid(
            "one process has nothing to compare with; start several, such as mpirun -n 2 helixfold dev grid-gradients --dp 2 …"
          )
        }
        let config = try TrainingConfig.read(config)
        let grid = ProcessGrid(data: dp, axes: dap, branches: bp)
        let report = try GridCheck(config, store: data).run(grid, world)
        if world.rank == 0 {
          print("worst_share\tarrays\tdiffering")
          print("\(report.worstShare)\t\(report.arrays)\t\(report.differing)")
        }
      } catch {
        try RankFailure.end(world, error)
      }
      MessagePassing.leave(world)
    }
  }

  /// Two runs side by side.
  struct CompareRuns: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "compare-runs",
      abstract:
        "Print the relative difference of the weights of two runs, and the largest of their losses."
    )

    @Argument(help: "Folder of a run.")
    var first: String

    @Argument(help: "Folder of another.")
    var second: String

    func run() throws {
      let (weights, losses) = try RunComparison.differences(first, second)
      print("weights\tlosses")
      print("\(weights)\t\(losses)")
    }
  }
}
