import FoldingCore

/// Floating-point operations of the matrix products of one pass: the basis of progress, remaining time and benchmarks.
///
/// A multiplication and an addition are two operations. Norms, softmax, embedders and heads are left out.
public struct CostModel: Sendable {
  let config: FoldingConfig
  let size: ProblemSize

  /// Costs of a network on a problem.
  public init(_ config: FoldingConfig, _ size: ProblemSize) {
    self.config = config
    self.size = size
  }

  /// Operations of one Evoformer block, each with its part.
  public var evoformerBlock: [(part: BlockPart, operations: Double)] {
    let rows = size.clusters + (config.template?.embedsTorsions == true ? size.templates : 0)
    return block(config.evoformer, rows: Double(rows), channels: Double(config.channels.msa))
  }

  /// Operations of one extra-MSA block, each with its part.
  public var extraBlock: [(part: BlockPart, operations: Double)] {
    block(
      config.extraMSA, rows: Double(size.extraRows), channels: Double(config.channels.extraMSA),
      isGlobal: true)
  }

  /// Operations of the pair stack of one template.
  public var templateStack: Double {
    guard let template = config.template else { return 0 }
    let c = Double(template.channels)
    let width = Double(template.pairHeads * template.pairHeadChannels)
    let one =
      2 * triangleMultiplication(c, hidden: Double(template.triangleChannels))
      + 2 * attention(batch: n, positions: n, channels: c, width: width)
      + transition(n * n, c, Double(template.transitionFactor))
    return Double(template.blocks) * one
  }

  /// Operations of the structure module: all its layers.
  public var structureModule: Double {
    let structure = config.structure
    let (c, z) = (Double(config.channels.single), Double(config.channels.pair))
    let heads = Double(structure.heads)
    // Channels of a head; points have three.
    let key = Double(structure.scalarQueryKey + 3 * structure.pointQueryKey)
    let value = Double(structure.scalarValue + 3 * structure.pointValue)
    let collected = Double(structure.scalarValue + 4 * structure.pointValue) + z
    let side = Double(structure.sidechainChannels)
    let attention =
      2 * n * c * heads * (2 * key + value + collected) + 2 * n * n * heads * (key + value + 2 * z)
    let transition = 2 * n * c * c * Double(structure.transitionLayers)
    let torsions = 2 * n * side * (2 * c + 2 * side * Double(structure.sidechainBlocks) + 14)
    let layers = Double(structure.layers)
    // The first projection; torsions also for frames that start from them.
    return 2 * n * c * c + layers * (attention + transition + 2 * n * c * 6 + torsions)
      + (structure.start == .torsions ? torsions : 0)
  }

  /// Operations of one pass.
  public var pass: Double { trunk + structureModule }

  /// Operations of one pass up to the structure module.
  public var trunk: Double {
    total(evoformerBlock) * Double(config.evoformer.blocks)
      + total(extraBlock) * Double(config.extraMSA.blocks)
      + Double(config.template == nil ? 0 : size.templates) * templateStack
  }

  /// Sum over the steps of a block.
  public func total(_ steps: [(part: BlockPart, operations: Double)]) -> Double {
    steps.reduce(0) { $0 + $1.operations }
  }

  private var n: Double { Double(size.residues) }

  private func block(
    _ stack: EvoformerConfig, rows s: Double, channels c: Double, isGlobal: Bool = false
  ) -> [(part: BlockPart, operations: Double)] {
    let z = Double(config.channels.pair)
    let width = Double(stack.msaHeads * stack.msaHeadChannels)
    let pairWidth = Double(stack.pairHeads * stack.pairHeadChannels)
    let outer = Double(stack.outerProductChannels)
    let factor = Double(stack.transitionFactor)
    let column =
      isGlobal
      ? 2 * s * n * c * (2 * width + 2 * Double(stack.msaHeadChannels))
      : attention(batch: n, positions: s, channels: c, width: width)
    let multiplication = triangleMultiplication(z, hidden: Double(stack.triangleChannels))
    let triangle = attention(batch: n, positions: n, channels: z, width: pairWidth)
    return [
      (.msaTrack, attention(batch: s, positions: n, channels: c, width: width)),  // rows
      (.msaTrack, column),
      (.msaTrack, transition(s * n, c, factor)),
      (
        .outerProductMean,
        2 * s * n * c * 2 * outer + 2 * s * n * n * outer * outer + 2 * n * n * outer * outer * z
      ),
      (.pairTrack, 2 * multiplication),  // outgoing, incoming
      (.pairTrack, 2 * triangle),  // starting, ending
      (.pairTrack, transition(n * n, z, factor)),
    ]
  }

  /// Query, key, value, gate and output projections, logits and weighted sums.
  private func attention(
    batch: Double, positions: Double, channels: Double, width: Double
  ) -> Double {
    2 * batch * positions * channels * 5 * width + 4 * batch * positions * positions * width
  }

  private func transition(_ positions: Double, _ channels: Double, _ factor: Double) -> Double {
    4 * positions * channels * channels * factor
  }

  private func triangleMultiplication(_ channels: Double, hidden: Double) -> Double {
    2 * n * n * channels * (5 * hidden + channels) + 2 * hidden * n * n * n
  }
}

extension CostModel {
  /// Share of a pass that is done when `stage` ends, by operations; the structure module, not counted by layers, closes it.
  public func fraction(after stage: PassStage) -> Double {
    let templates = Double(config.template == nil ? 0 : size.templates) * templateStack
    let extra = total(extraBlock)
    let done: Double
    switch stage {
    case .templates: done = templates
    case .extraMSA(let block): done = templates + Double(block + 1) * extra
    case .evoformer(let block):
      done =
        templates + Double(config.extraMSA.blocks) * extra + Double(block + 1)
        * total(evoformerBlock)
    case .structure: return 1
    }
    return pass > 0 ? min(1, done / pass) : 0
  }
}
