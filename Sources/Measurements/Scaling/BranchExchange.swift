import FoldingCore
import FoldingModel

/// Bytes exchanged between two processes with a branch each, in both directions together.
///
/// Forward: the MSA and pair representations, and the halves of the pair representation to which each has added the outer product mean.
/// Backward: their gradients and that of the pair bias, fp32. Running a block again exchanges nothing.
public struct BranchExchange: Sendable {
  private let config: FoldingConfig
  private let size: ProblemSize

  /// The exchange of a network on a problem, activations stored in bfloat16.
  public init(_ config: FoldingConfig, _ size: ProblemSize) {
    self.config = config
    self.size = size
  }

  /// Bytes per block of the Evoformer stack in one training step without recycles.
  public var perBlock: Double { forward + backward }

  /// Bytes per block of a forward pass.
  public var forward: Double { 2 * (m + 2 * z) }

  /// Bytes per block of a backward pass.
  public var backward: Double { 4 * (m + z + bias) }

  private var n: Double { Double(size.residues) }
  private var m: Double { Double(size.clusters) * n * Double(config.channels.msa) }
  private var z: Double { n * n * Double(config.channels.pair) }
  private var bias: Double { n * n * Double(config.evoformer.msaHeads) }
}
