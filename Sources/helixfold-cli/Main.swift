import ArgumentParser

@main
struct HelixFoldCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "helixfold", abstract: "Protein structure prediction on CPUs.",
    subcommands: [DevCommand.self])
}
