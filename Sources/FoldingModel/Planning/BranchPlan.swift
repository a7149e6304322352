import FoldingCore

/// How two workers share a block in parallel order: a branch each, or every operation split between them.
public struct BranchPlan: Sendable {
  let config: FoldingConfig
  let cost: CostModel

  /// The plan of a network on a problem.
  public init(_ config: FoldingConfig, _ size: ProblemSize) {
    self.config = config
    cost = CostModel(config, size)
  }

  /// Efficiency of splitting every operation between two workers, and the overhead of distributing a block's work, in operations.
  ///
  /// Estimates, checked with `bench branch-parallel` on one shape alone (docs/evidence.md, "Branch parallelism"), where the two ways
  /// differ by one hundredth.
  private static let splitEfficiency = 0.95
  private static let handOverOperations = 3e8

  /// Operations of the two branches and of the outer product mean, all blocks together.
  public var operations: (msa: Double, pair: Double, outerProductMean: Double) {
    var sum = (msa: 0.0, pair: 0.0, outerProductMean: 0.0)
    for (steps, blocks) in [
      (cost.extraBlock, config.extraMSA.blocks), (cost.evoformerBlock, config.evoformer.blocks),
    ] {
      for (part, operations) in steps {
        let total = operations * Double(blocks)
        switch part {
        case .msaTrack: sum.msa += total
        case .outerProductMean: sum.outerProductMean += total
        case .pairTrack: sum.pair += total
        }
      }
    }
    return sum
  }

  /// Speed-up of two workers with a branch each over one worker, the outer product mean shared.
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
