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
    StandardStreams.connect()
    var command: any ParsableCommand
    do {
      command = try parseAsRoot()
    } catch {
      if exitCode(for: error) != .success,
        let sentence = AbsentFeatures.sentence(for: Array(CommandLine.arguments.dropFirst()))
      {
        StandardStreams.writeError("helixfold: \(sentence)\n")
        exit(withError: ExitCode(ExitStatus.usage.rawValue))
      }
      exit(withError: error)
    }
    do {
      try command.run()
      try StandardStreams.flushOutput()
    } catch {
      // Statuses that a command chose, and combinations of flags that it refuses, are the parser's business.
      if error is ExitCode || exitCode(for: error) != .failure { exit(withError: error) }
      StandardStreams.writeError("helixfold: \(error)\n")
      exit(withError: ExitCode(ExitStatus(error).rawValue))
    }
  }
}
