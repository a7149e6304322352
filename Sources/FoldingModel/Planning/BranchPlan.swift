import FoldingCore

/// Which way two workers share a block in parallel order: a branch each, or every operation split.
public struct BranchPlan: Sendable {
  let config: FoldingConfig
  let cost: CostModel

  /// The plan of a network on a problem.
  public init(_ config: FoldingConfig, _ size: ProblemSize) {
    self.config = config
    cost = CostModel(config, size)
  }

  /// Share of two workers' time that splitting operations uses, and operations' worth of time that a block loses to handing out work.
  ///
  /// Fitted to `bench branch-parallel` (docs/performance.md).
  private static let splitEfficiency = 0.95
  private static let handOverOperations = 3e8

  /// Operations of the two branches and of the outer product mean, all blocks together.
  public var operations: (msa: Double, pair: Double, outerProductMean: Double) {
    var sum = (msa: 0.0, pair: 0.0, outerProductMean: 0.0)
    for (steps, blocks) in [
      (cost.extraBlock, config.extraMSA.blocks), (cost.evoformerBlock, config.evoformer.blocks),
    ] {
      for (step, operations) in steps {
        let total = operations * Double(blocks)
        if step == "outer_product_mean" {
          sum.outerProductMean += total
        } else if step.hasPrefix("msa_") {
          sum.msa += total
        } else {
          sum.pair += total
        }
      }
    }
    return sum
  }

  /// How much faster two workers are with a branch each, the outer product mean shared.
  public var idealSpeedup: Double {
    let parts = operations
    let total = parts.msa + parts.pair + parts.outerProductMean
    return total / (branchTime(parts))
  }

  /// Whether a worker per branch is expected to be faster than splitting every operation.
  public var prefersBranches: Bool {
    if config.blockOrder != .parallel { return false }
    let parts = operations
    let blocks = Double(config.extraMSA.blocks + config.evoformer.blocks)
    let split =
      (parts.msa + parts.pair + parts.outerProductMean) / (2 * Self.splitEfficiency)
      + blocks * Self.handOverOperations
    return branchTime(parts) < split
  }

  private func branchTime(_ parts: (msa: Double, pair: Double, outerProductMean: Double)) -> Double
  {
    max(parts.msa, parts.pair) + parts.outerProductMean / 2
  }
}

/// What two processes that run a branch each exchange, bytes in both directions together.
///
/// Forward: both representations and halves of the pair representation with the outer product mean. Backward: their gradients and
/// that of the pair bias, fp32. Running a block again exchanges nothing.
public struct BranchExchange: Sendable {
  private let config: FoldingConfig
  private let size: ProblemSize

  /// The exchange of a network on a problem, activations stored in bfloat16.
  public init(_ config: FoldingConfig, _ size: ProblemSize) {
    self.config = config
    self.size = size
  }

  /// Bytes per block of the Evoformer stack and training step without recycles.
  public var perBlock: Double { forward + backward }

  /// Bytes per block of a forward pass.
  public var forward: Double { 2 * (m + 2 * z) }

  /// Bytes per block of the derivatives.
  public var backward: Double { 4 * (m + z + bias) }

  private var n: Double { Double(size.residues) }
  private var m: Double { Double(size.clusters) * n * Double(config.channels.msa) }
  private var z: Double { n * n * Double(config.channels.pair) }
  private var bias: Double { n * n * Double(config.evoformer.msaHeads) }
}
