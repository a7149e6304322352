import ArgumentParser
import HelixFold
import Measurements

extension DevCommand {
  /// Two dumps, tensor by tensor.
  struct Compare: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "compare",
      abstract: "Compare two dumps tensor by tensor.",
      discussion: """
        Prints name, relative error and largest difference of every tensor above the limit, or what it lacks, with --inputs how many \
        distance bins of recycled positions differ, then the worst tensor. \
        Exit status 1 when a tensor is above the limit, missing or of another shape.
        """)

    @Argument(help: "Dump to compare with (npz).")
    var reference: String

    @Argument(help: "Dump to check (npz).")
    var dump: String

    @Option(help: "Processed features of both (npz): MSA cells without mask are then left out.")
    var inputs: String?

    @Option(help: "Largest relative error, ‖x − x_ref‖ / ‖x_ref‖.")
    var limit = 5e-5

    @Option(help: "Only tensors whose name contains this.")
    var only: String?

    func run() throws {
      let comparison = try DumpComparison(reference: reference, found: dump, inputs: inputs)
      let deviations = try comparison.deviations(selection: only)
      let above = deviations.filter { !($0.relative <= limit) }
      for item in above {
        print(
          item.name, item.problem ?? "\(item.relative)",
          item.problem.map { _ in "-" } ?? "\(item.largest)", separator: "\t")
      }
      if only == nil {
        for (pass, flipped, pairs) in try comparison.flippedBins() {
          print("pass \(pass): \(flipped) of \(pairs) distance bins flipped")
        }
      }
      if let worst = deviations.max(by: { $0.relative < $1.relative }) {
        print(
          "\(deviations.count) tensors, \(above.count) above \(limit); worst \(worst.problem ?? "\(worst.relative)") (\(worst.name))"
        )
      } else {
        print("no tensors to compare")
      }
      if !above.isEmpty || deviations.isEmpty { throw ExitCode(.someFailed) }
    }
  }

  /// Parameters that depend only on their names and a seed.
  struct Parameters: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "parameters",
      abstract: "Write the parameters that a recipe of the numerical oracle describes.")

    @Argument(help: "Recipe (JSON with 'seed' and 'parameters').")
    var recipe: String

    @Option(name: .shortAndLong, help: "Parameters to write (npz).")
    var output: String

    func run() throws { try ParameterRecipe(path: recipe).write(to: output) }
  }
}
