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
      PredictCommand.self, SearchCommand.self, DatabasesCommand.self, PrepareCommand.self,
      StoreCommand.self, WeightsCommand.self, ScoreCommand.self, CheckCommand.self,
      BenchCommand.self, DevCommand.self,
    ])

  /// Runs the command; an error of the work itself is one line and the status that belongs to it.
  static func main() {
    do {
      var command = try parseAsRoot()
      do {
        try command.run()
      } catch let error as any ExitStatusCarrier {
        throw error
      } catch {
        FileHandle.standardError.write(Data("helixfold: \(error)\n".utf8))
        throw ExitCode(ExitStatus(error).rawValue)
      }
    } catch {
      exit(withError: error)
    }
  }
}

/// Errors that the argument parser knows how to report.
private protocol ExitStatusCarrier: Error {}
extension ExitCode: ExitStatusCarrier {}
extension CleanExit: ExitStatusCarrier {}
extension ValidationError: ExitStatusCarrier {}
