import ArrayFiles
import AtomicFiles
import FoldingModel
import Training

/// The options of `helixfold dev gradients`.
public struct GradientRequest: Sendable {
  /// The run, on features with labels; its teacher is a dump with `recycled/prev_*`; the number of recycles defaults to that of the
  /// recipe beside the inputs, or else to that of the draws.
  public var oracle: OracleRun
  /// Weight of the violations.
  public var violationWeight = 1.0
  /// Whether blocks are recomputed instead of keeping their activations.
  public var recomputes = true

  /// A request with the defaults.
  public init(_ oracle: OracleRun) { self.oracle = oracle }

  /// Computes loss and gradients and writes the dump.
  public func run() throws {
    try AtomicFile.requirePlace(forFile: oracle.output)
    let (network, features, context) = try oracle.open()
    let recycles =
      oracle.recycles ?? OracleRecipe(besideInputs: oracle.inputs)?.recycles ?? features.passes - 1
    let labels = try ProcessedLabels(path: oracle.inputs, features: features, pass: recycles)
    var loss = LossConfig.fineTune
    loss.structure.violation = violationWeight
    let dump = GradientDump(
      network: network, features: features, labels: labels,
      loss: FoldingLoss(loss, heads: network.config.heads), context: context,
      recomputes: recomputes)
    let teacher = try oracle.teacher.map { try NumpyArchive(path: $0) }
    try NumpyArchive.write(try dump.run(recycles: recycles, teacher: teacher), to: oracle.output)
  }
}
