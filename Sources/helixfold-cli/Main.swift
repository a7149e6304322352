import ArgumentParser
import HelixFold

/// The command; one file per subcommand.
@main
struct HelixFoldCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "helixfold",
    abstract: "Protein structure prediction and training on CPUs.",
    version: helixFoldVersion,
    subcommands: [PredictCommand.self, BenchCommand.self])
}
