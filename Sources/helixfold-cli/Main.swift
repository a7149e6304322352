import ArgumentParser
import Foundation
import HelixFold

/// The command; one file per subcommand.
@main
struct HelixFoldCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "helixfold",
    abstract: "Protein structure prediction and training on CPUs.",
    version: helixFoldVersion,
    subcommands: [
      PredictCommand.self, TrainCommand.self, DatasetCommand.self, ValidateCommand.self,
      PlotCommand.self,
      SearchCommand.self, DatabasesCommand.self, PrepareCommand.self, StoreCommand.self,
      WeightsCommand.self, ScoreCommand.self, EvaluateCommand.self, CheckCommand.self,
      BenchCommand.self, DevCommand.self,
    ])

  /// Runs the command; an error of the work itself is one line and the status that belongs to it.
  static func main() {
    do {
      var command = try parseAsRoot()
      try command.run()
    } catch {
      // Help, wrong flags and statuses that a command chose are the parser's business.
      if error is ExitCode || exitCode(for: error) != .failure { exit(withError: error) }
      FileHandle.standardError.write(Data("helixfold: \(error)\n".utf8))
      exit(withError: ExitCode(ExitStatus(error).rawValue))
    }
  }
}
