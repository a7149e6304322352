import ArgumentParser
import Distribution
import HelixFold
import TensorCore

/// The output of `--version`: the version alone, for scripts, then details for bug reports.
struct VersionReport: ParsableCommand {
  func run() {
    for line in Self.lines { print(line) }
  }

  private static var lines: [String] {
    let (problem, build) = (MatrixBackend.openblas.problem, MatrixBackend.openblas.build)
    return [
      helixFoldVersion,
      "instruction set: \(ProgramIdentity.kernels) (of \(InstructionSet.available.joined(separator: ", ")))",
      "MPI: \(MessagePassing.isBuilt ? "yes" : "no")",
      "matrix products: native, "
        + (problem.map { "no openblas (\($0))" } ?? "openblas (\(build ?? "of an unknown build"))"),
      "processors: \(ProcessorCount.available)",
      "memory: \(ByteCount(ProcessMemory.available))",
    ]
  }
}
