import FoldingCore
import NeuralNet
import NumericArrays
import TensorCore

/// What a pass needs of one protein: its target features, a draw from its alignment, and the state after the previous pass.
public struct PassInput: Sendable {
  /// What stays the same in all passes.
  public var target: TargetFeatures
  /// The alignment rows of this pass.
  public var draw: AlignmentDraw
  /// State that the pass starts from; its pair tensor is overwritten.
  public var previous: PreviousPass

  /// The given parts.
  public init(_ target: TargetFeatures, _ draw: AlignmentDraw, _ previous: PreviousPass) {
    self.target = target
    self.draw = draw
    self.previous = previous
  }
}

/// Everything that one pass computes, before it is reduced to a `Prediction`.
public struct PassOutput: Sendable {
  /// What the next pass starts from.
  public var recycled: PreviousPass
  /// pLDDT logits. `[N_res, bins]`
  public var lddtLogits: NDArray<Float>
  /// Single representation, fp32. `[N_res, c_s]`
  public var single: Tensor
  /// MSA representation of the cluster rows, of the first draw if there are several. `[N_clust, N_res, c_m]`
  public var msa: Tensor
  /// Structure module activation, fp32. `[N_res, c_s]`
  public var structureActivation: Tensor
  /// What the losses read; nil without a tape.
  public var training: TrainingOutput?
}

extension FoldingNetwork {
  /// The state before the first pass.
  public func initialState(_ target: TargetFeatures, _ context: ExecutionContext) -> PreviousPass {
    PreviousPass(residues: target.residueCount, config.channels, context)
  }

  /// One pass over one or more draws: trunk, structure module, pLDDT.
  ///
  /// Algorithm 2 (Jumper et al. 2021, Suppl. 1.4), lines 3–22: the body of the recycling loop. With several draws (ensembling) the
  /// representations are averaged before the structure module, that of the MSA in its first row only: the other rows of two draws
  /// belong to different sequences, and as in the released code those of the first draw are used. `previous.pair` is overwritten.
  ///
  /// With a tape the pass also makes everything that losses read, and records derivatives; `previous` is a constant.
  ///
  /// - Throws: ``PassError`` when a representation stops being finite, for several draws on a tape, or what the monitor's
  ///   observer throws.
  public func pass(
    _ target: TargetFeatures, draws: [AlignmentDraw], _ previous: PreviousPass,
    _ context: ExecutionContext, _ monitor: PassMonitor = PassMonitor()
  ) throws -> PassOutput {
    try pass(target, drawCount: draws.count, { draws[$0] }, previous, context, monitor)
  }

  /// The same with draws made one after the other, so that only one is in memory at a time.
  func pass(
    _ target: TargetFeatures, drawCount: Int, _ draw: (Int) throws -> AlignmentDraw,
    _ previous: PreviousPass, _ context: ExecutionContext, _ monitor: PassMonitor
  ) throws -> PassOutput {
    if drawCount == 1 {
      let input = PassInput(target, try draw(0), previous)
      return try passes([input], context, monitor)[0]
    }
    if context.tape != nil && drawCount > 1 {
      throw PassError.ensembleOnTape(draws: drawCount)
    }
    let trunk = try ensemble(target, drawCount, draw, previous, context, monitor)
    return try structureAndConfidence(trunk, target, context, monitor)
  }

  /// One pass over several proteins packed side by side in one MSA representation, each from its own draw and state.
  ///
  /// Every protein gets the same bits as from a pass of its own. Packing avoids padding but is no faster than a loop; see
  /// docs/performance.md.
  public func passes(
    _ inputs: [PassInput], _ context: ExecutionContext, _ monitor: PassMonitor = PassMonitor()
  ) throws -> [PassOutput] {
    let trunks = try trunk(inputs, context, monitor)
    return try zip(inputs, trunks).map { input, trunk in
      try structureAndConfidence(trunk, input.target, context, monitor)
    }
  }

  /// Structure module and pLDDT; with a tape, all heads.
  func structureAndConfidence(
    _ trunk: TrunkOutput, _ target: TargetFeatures, _ context: ExecutionContext,
    _ monitor: PassMonitor
  ) throws -> PassOutput {
    let output = structureModule(
      single: trunk.single, pair: trunk.pair, target, context, monitor.probe)
    try monitor.finished(.structure, [output.activation], context)
    let confidence = predictedLDDT(output.activation, context)
    let training = output.trace.map {
      TrainingOutput(structure: $0, heads: headLogits(trunk, context), confidence: confidence)
    }
    return PassOutput(
      recycled: PreviousPass(
        positions: output.positions,
        msaFirstRow: trunk.meanFirstRow ?? context.copyShared(trunk.msa[0], as: .float32),
        pair: trunk.pair),
      lddtLogits: confidence.array(), single: trunk.single, msa: trunk.msa,
      structureActivation: output.activation, training: training)
  }

  /// The prediction of a pass, with the heads that need the pair tensor.
  public func prediction(
    _ recycled: PreviousPass, lddtLogits: NDArray<Float>, _ aatype: [Int], passes: Int,
    _ context: ExecutionContext
  ) -> Prediction {
    let summary = alignedError.map { $0.summarize(recycled.pair, context) }
    return Prediction(
      positions: recycled.positions, atomMask: StructureModule.atomMask(aatype),
      plddt: PredictedLDDTHead.expectation(lddtLogits), alignedError: summary?.error,
      maxAlignedError: alignedError.map { Float($0.centers.last ?? 0) }, ptm: summary?.ptm,
      contactProbability: distogram.contactProbability(recycled.pair, context), passes: passes)
  }

  /// Logits of the heads whose output predictions only summarise, for comparison with other implementations.
  public func headLogits(_ output: PassOutput, _ context: ExecutionContext) -> [String: Tensor] {
    let heads = headLogits(
      TrunkOutput(msa: output.msa, pair: output.recycled.pair, single: output.single), context)
    var result = [
      "distogram/logits": heads.distogram,
      "masked_msa/logits": heads.maskedMSA,
      "experimentally_resolved/logits": heads.experimentallyResolved,
    ]
    result["predicted_aligned_error/logits"] = heads.alignedError
    return result
  }

  /// Logits of the distogram alone. `[N_res, N_res, bins]`
  public func distogramLogits(_ output: PassOutput, _ context: ExecutionContext) -> Tensor {
    distogram(output.recycled.pair, context)
  }

  /// Logits of the heads that read the trunk.
  private func headLogits(_ trunk: TrunkOutput, _ context: ExecutionContext) -> HeadLogits {
    HeadLogits(
      distogram: distogram(trunk.pair, context), maskedMSA: maskedMSA(trunk.msa, context),
      experimentallyResolved: experimentallyResolved(trunk.single, context),
      alignedError: alignedError.map { $0(trunk.pair, context) })
  }

  /// Mean over draws of pair and single representation and of the first row of the MSA; all draws start from the same recycled state.
  private func ensemble(
    _ target: TargetFeatures, _ count: Int, _ draw: (Int) throws -> AlignmentDraw,
    _ previous: PreviousPass, _ context: ExecutionContext, _ monitor: PassMonitor
  ) throws -> TrunkOutput {
    var sums: (msa: Tensor, firstRow: Tensor, pair: Tensor, single: Tensor)?
    for index in 0..<count {
      var start = previous
      start.pair = context.copyShared(previous.pair)
      let input = PassInput(target, try draw(index), start)
      let output = try trunk(
        [input], context.scoped("draw", index), monitor.withoutProbe)[0]
      guard let sum = sums else {
        sums = (
          output.msa, context.copyShared(output.msa[0], as: .float32),
          context.copyShared(output.pair, as: .float32), output.single
        )
        continue
      }
      context.addShared(output.msa[0], into: sum.firstRow)
      context.addShared(output.pair, into: sum.pair)
      context.addShared(output.single, into: sum.single)
    }
    guard let sums else { throw PassError.noDraws }
    for tensor in [sums.firstRow, sums.pair, sums.single] {
      let (values, divisor) = (tensor.floats, Float(count))
      context.workers.split(tensor.count) { for index in $0 { values[index] /= divisor } }
    }
    return TrunkOutput(
      msa: sums.msa, pair: context.copyShared(sums.pair, as: context.storage), single: sums.single,
      meanFirstRow: sums.firstRow)
  }
}
