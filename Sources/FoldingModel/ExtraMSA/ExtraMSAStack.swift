import FoldingCore
import NeuralNet
import TensorCore

/// Extra-MSA stack: reads thousands of sequences in a narrow representation into the pair tensor.
///
/// Algorithm 18 (Jumper et al. 2021, Suppl. 1.7.2). Without extra rows the stack still runs: the outer product mean
/// then adds 1000 times its bias, as in the released code.
///
/// - Shapes: extra rows `[N_extra, N_res]`, z `[N_res, N_res, c_z]` → z
struct ExtraMSAStack: Sendable {
  let embedding: Linear
  let blocks: BlockStack

  /// Classes of a cell; in the inputs the two deletion features follow.
  static let classes = FeatureWidths.msaClasses
  static let inputs = FeatureWidths.extraMSA

  init(_ scope: ParameterScope, _ config: FoldingConfig) throws {
    self.embedding = try Linear(
      scope.scope("extra_msa_activations"), Self.inputs, config.channels.extraMSA)
    self.blocks = try BlockStack(
      scope.scope("extra_msa_stack"), .extra, count: config.extraMSA.blocks
    ) { scope in
      try EvoformerBlock(
        scope, .extra, msa: config.channels.extraMSA, pair: config.channels.pair, config.extraMSA,
        order: config.blockOrder)
    }
  }

  /// Updates the z of each protein of a pack in place.
  func update(
    _ zs: [Tensor], _ draws: [AlignmentDraw], _ pack: ProteinPack, pairs: [PositionMask],
    _ context: ExecutionContext, _ monitor: PassMonitor
  ) throws {
    let masks = TrunkMasks(pack, rows: draws.map(\.extraMask), pairs: pairs, pool: context.pool)
    let m = pack.join(draws.map { embed($0, context) }, context)
    monitor.probe?("embedder/extra_msa", m)
    try blocks.update(m, zs, masks, context, monitor)
  }

  /// One-hot class, has-deletion and deletion value through the linear layer: a row of weights and two multiples.
  func embed(_ draw: AlignmentDraw, _ context: ExecutionContext) -> Tensor {
    let (rows, residues) = (draw.extraCount, draw.extraMask.shape[1])
    let (classes, channels) = (Self.classes, embedding.outputs)
    let m = context.empty([rows, residues, channels])
    context.record { context in backwardEmbedding(draw, context.gradient(of: m), context) }
    let weights = context.copyShared(embedding.weight, as: .float32)
    let bias = embedding.bias ?? context.zeros([channels], .float32)
    context.tiles(rows, tile: 1, scratch: { context.empty([residues, channels], .float32) }) {
      row, scratch in
      for residue in 0..<residues {
        let cell = row.lowerBound * residues + residue
        let type = min(Int(draw.extraMSA.values[cell]), classes - 1)
        let hasDeletion = draw.extraHasDeletion.values[cell]
        let deletionValue = draw.extraDeletionValue.values[cell]
        let target = scratch.floats + residue * channels
        let typeRow = weights.floats + type * channels
        let hasRow = weights.floats + classes * channels
        let biasRow = bias.floats
        for c in 0..<channels {
          target[c] =
            typeRow[c] + hasDeletion * hasRow[c] + deletionValue * hasRow[channels + c] + biasRow[c]
        }
      }
      m[row.lowerBound].assign(scratch)
    }
    return m
  }
}
