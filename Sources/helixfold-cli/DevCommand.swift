import ArgumentParser
import Measurements

/// `helixfold dev`: comparisons with other implementations.
struct DevCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "dev", abstract: "Compare the network with other implementations.",
    subcommands: [
      Forward.self, Gradients.self, GridGradients.self, CompareRuns.self, Compare.self,
      Parameters.self, Spike.self, Precision.self,
    ])

  /// Features straight into the network, every tensor out.
  struct Forward: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "forward",
      abstract: "Run processed features through the network and dump outputs and intermediates.",
      discussion: """
        Inputs are an npz in the layout of the released feature pipeline, each array with a leading axis of one \
        draw per pass. Outputs are named pass<k>/<head>/..., pass<k>/representations/... and \
        pass<k>/inter/.... With --teacher each pass starts from pass<k>/prev_*, and without --recycles \
        there are as many passes as the teacher has, or else one per draw.
        """)

    @OptionGroup var oracle: OracleArguments

    func run() throws {
      oracle.compute.arithmetic.pin()
      try ForwardRequest(oracle.run).run()
    }
  }
}
