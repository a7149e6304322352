import FoldingCore
import NeuralNet
import TensorCore

/// One Evoformer block: an MSA track and a pair track that inform each other.
///
/// Algorithm 6 (Jumper et al. 2021, Suppl. 1.6), body of the loop. The extra-MSA stack uses the same block
/// with global column attention. `order` places the outer product mean.
struct EvoformerBlock: Sendable {
  let rowAttention: MSARowAttentionWithPairBias
  let columnAttention: ColumnAttention
  let msaTransition: Transition
  let outerProductMean: OuterProductMean
  let pairTrack: PairTrack
  let order: BlockOrder

  /// How sequences attend to each other.
  enum ColumnAttention: Sendable {
    case full(MSAColumnAttention)
    case global(MSAColumnGlobalAttention)
  }

  /// Which stack a block belongs to.
  enum Kind { case main, extra }

  init(
    _ scope: ParameterScope, _ kind: Kind, msa: Int, pair: Int, _ config: EvoformerConfig,
    order: BlockOrder
  ) throws {
    self.rowAttention = try MSARowAttentionWithPairBias(scope, msa: msa, pair: pair, config)
    switch kind {
    case .main: self.columnAttention = .full(try MSAColumnAttention(scope, msa: msa, config))
    case .extra:
      self.columnAttention = .global(try MSAColumnGlobalAttention(scope, msa: msa, config))
    }
    self.msaTransition = try Transition(
      scope.scope("msa_transition"), channels: msa, factor: config.transitionFactor)
    self.outerProductMean = try OuterProductMean(
      scope, msa: msa, pair: pair, channels: config.outerProductChannels,
      kind: config.outerProduct)
    self.pairTrack = try PairTrack(scope, pair: pair, config)
    self.order = order
  }

  /// Updates m `[N_seq, N_res, c_m]` and z `[N_res, N_res, c_z]` in place; for a pack of proteins, the shared m and the z of each.
  func update(
    _ m: Tensor, _ zs: [Tensor], _ masks: TrunkMasks, _ context: ExecutionContext, _ probe: Probe?
  ) {
    switch order {
    case .serial:
      msaTrack(m, zs, masks, context, probe)
      addOuterProductMean(m, zs, masks, context, probe)
      pairTracks(zs, masks, isLast: true, context, probe)
    case .outerProductFirst:
      addOuterProductMean(m, zs, masks, context, probe)
      msaTrack(m, zs, masks, context, probe)
      pairTracks(zs, masks, isLast: true, context, probe)
    case .parallel:
      // Both tracks read the incoming pair tensor, of which the MSA track needs only the bias.
      let bias = rowAttention.bias(zs, masks.pack, context)
      if probe == nil {
        context.fork(
          Branch(updating: [m], reading: [bias]) { msaTrack(m, bias: bias, masks, $0, nil) },
          Branch(updating: zs) { pairTracks(zs, masks, isLast: false, $0, nil) })
      } else {
        msaTrack(m, bias: bias, masks, context, probe)
        pairTracks(zs, masks, isLast: false, context, probe)
      }
      addOuterProductMean(m, zs, masks, context, probe)
    }
  }

  private func msaTrack(
    _ m: Tensor, _ zs: [Tensor], _ masks: TrunkMasks, _ context: ExecutionContext, _ probe: Probe?
  ) {
    msaTrack(m, bias: rowAttention.bias(zs, masks.pack, context), masks, context, probe)
  }

  private func pairTracks(
    _ zs: [Tensor], _ masks: TrunkMasks, isLast: Bool, _ context: ExecutionContext, _ probe: Probe?
  ) {
    for (index, z) in zs.enumerated() {
      let context = zs.count == 1 ? context : context.scoped("protein", index)
      pairTrack.update(z, mask: masks.pairs[index], isLast: isLast, context, probe)
    }
  }

  private func msaTrack(
    _ m: Tensor, bias: Tensor, _ masks: TrunkMasks, _ context: ExecutionContext, _ probe: Probe?
  ) {
    probe.step("msa_row_attention_with_pair_bias", on: m, context) {
      rowAttention.update(m, bias: bias, mask: masks.msaRows, intervals: masks.intervals, context)
    }
    switch columnAttention {
    case .full(let attention):
      probe.step("msa_column_attention", on: m, context) {
        attention.update(m, mask: masks.msaColumns, context)
      }
    case .global(let attention):
      probe.step("msa_column_global_attention", on: m, context) {
        attention.update(m, mask: masks.msaColumns, context)
      }
    }
    probe.step("msa_transition", on: m, context) { msaTransition.update(m, context) }
  }

  private func addOuterProductMean(
    _ m: Tensor, _ zs: [Tensor], _ masks: TrunkMasks, _ context: ExecutionContext, _ probe: Probe?
  ) {
    for (index, z) in zs.enumerated() {
      let rows = masks.rows[index]
      let part = masks.pack.part(index, of: m, rows: rows.count, context)
      probe.step("outer_product_mean", on: z, context) {
        outerProductMean.update(
          z, from: part, mask: rows.mask, isLast: order == .parallel, context)
      }
    }
  }
}

/// The pair track of a block: four triangle updates and a transition.
struct PairTrack: Sendable {
  let multiplicationOutgoing, multiplicationIncoming: TriangleMultiplication
  let attentionStarting, attentionEnding: TriangleAttention
  let transition: Transition

  init(_ scope: ParameterScope, pair: Int, _ config: EvoformerConfig) throws {
    let (heads, channels) = (config.pairHeads, config.pairHeadChannels)
    self.multiplicationOutgoing = try TriangleMultiplication(
      scope, .outgoing, pair: pair, channels: config.triangleChannels,
      dropoutRate: config.pairDropout)
    self.multiplicationIncoming = try TriangleMultiplication(
      scope, .incoming, pair: pair, channels: config.triangleChannels,
      dropoutRate: config.pairDropout)
    self.attentionStarting = try TriangleAttention(
      scope, .starting, pair: pair, heads: heads, headChannels: channels,
      dropoutRate: config.pairDropout)
    self.attentionEnding = try TriangleAttention(
      scope, .ending, pair: pair, heads: heads, headChannels: channels,
      dropoutRate: config.pairDropout)
    self.transition = try Transition(
      scope.scope("pair_transition"), channels: pair, factor: config.transitionFactor)
  }

  /// Updates z in place, in the order of Algorithm 6, lines 6–10.
  ///
  /// - Parameter isLast: whether the block ends with it.
  func update(
    _ z: Tensor, mask: PositionMask, isLast: Bool = false, _ context: ExecutionContext,
    _ probe: Probe?
  ) {
    for multiplication in [multiplicationOutgoing, multiplicationIncoming] {
      probe.step(multiplication.edges.rawValue, on: z, context) {
        multiplication.update(z, mask: mask, context)
      }
    }
    for attention in [attentionStarting, attentionEnding] {
      probe.step(attention.node.rawValue, on: z, context) {
        attention.update(z, mask: mask, context)
      }
    }
    probe.step("pair_transition", on: z, context) {
      transition.update(z, isLast: isLast, context)
    }
  }
}

extension BlockPart {
  /// The branch that differentiates the part, in blocks of parallel order.
  public var branch: BranchRole { self == .pairTrack ? .second : .first }
}
