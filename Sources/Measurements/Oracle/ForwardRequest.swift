import ArrayFiles
import AtomicFiles
import FoldingModel

/// The options of `helixfold dev forward`.
public struct ForwardRequest: Sendable {
  /// The run; its teacher is a dump with tensors of every pass.
  public var oracle: OracleRun

  /// A request for all passes.
  public init(_ oracle: OracleRun) { self.oracle = oracle }

  /// Runs the passes and writes the dump.
  public func run() throws {
    try AtomicFile.requirePlace(forFile: oracle.output)
    let teacher = try oracle.teacher.map { try NumpyArchive(path: $0) }
    if let teacher,
      !["prev_pair", "representations/pair"].contains(where: {
        teacher.contains("pass0/\($0)")
      })
    {
      throw ProcessedFeatures.Failure.missing(
        path: teacher.path, name: "pass0/prev_pair", wanted: .dump)
    }
    let (network, features, context) = try oracle.open()
    let dump = ForwardDump(
      network: network, features: features, context: context, teacher: teacher)
    let passes = teacher.map { ForwardDump.passes(in: $0) } ?? features.passes
    try NumpyArchive.write(
      try dump.run(passes: 0...(oracle.recycles ?? max(0, passes - 1))), to: oracle.output)
  }
}
