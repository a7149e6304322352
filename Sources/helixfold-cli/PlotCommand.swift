import ArgumentParser
import AtomicFiles
import HelixFold
import Reports

/// `helixfold plot`: learning curves.
struct PlotCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "plot", abstract: "Draw learning curves of training logs.")

  @Argument(help: "log.jsonl, or the folder of a run; several are drawn together, but for terms.")
  var logs: [String]

  @Option(name: [.short, .long], help: "File to write, .svg or .png.")
  var output: String

  @Option(
    help:
      "What to draw: \(LearningCurves.Quantity.allCases.map(\.rawValue).joined(separator: ", ")).")
  var quantity = LearningCurves.Quantity.loss

  @Option(help: "Training values are means over so many steps, at most a tenth of the run.")
  var window = 20

  @Flag(help: "Logarithmic vertical axis, where all values are positive.")
  var logarithmic = false

  func validate() throws {
    if ![".svg", ".png"].contains(where: { output.lowercased().hasSuffix($0) }) {
      throw ValidationError("--output is '\(output)', expected a name that ends in .svg or .png")
    }
    if quantity == .terms && logs.count > 1 {
      throw ValidationError(
        "--quantity terms draws the terms of one run, up to 13 lines: name one log, or another quantity of all \(logs.count)"
      )
    }
    if !(1...1_000_000).contains(window) {
      throw ValidationError("--window is \(window), expected 1 to 1000000")
    }
  }

  func run() throws {
    try AtomicFile.requirePlace(forFile: output)
    let curves = try LearningCurves(paths: logs)
    try curves.figure(quantity, window: window, isLogarithmic: logarithmic).write(to: output)
    print(output)
  }
}

extension LearningCurves.Quantity: ExpressibleByArgument {}
