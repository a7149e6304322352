import FoldingCore
import NeuralNet
import NumericArrays
import TensorCore

/// The output of the trunk for one draw; with a tape, gradients propagate from it to its parameters.
package struct TrunkOutput: Sendable {
  /// Cluster rows, template rows cut off. `[N_clust, N_res, c_m]`
  package var msa: Tensor
  /// Pair representation, `[N_res, N_res, c_z]`.
  package var pair: Tensor
  /// Single representation, fp32, `[N_res, c_s]`.
  package var single: Tensor
  /// Mean of the first rows of several draws, fp32; nil where `msa` holds the first row of the only draw. `[N_res, c_m]`
  var meanFirstRow: Tensor?
}

extension FoldingNetwork {
  /// Embedders, template stack, extra-MSA stack and Evoformer stack, for one protein or a pack of several.
  ///
  /// Lines 5–17 of Algorithm 2 (Jumper et al. 2021, Suppl. 1.4). The recycled pair tensor becomes the new one, in place. Proteins
  /// of a pack share the MSA track and get the same bits as alone.
  func trunk(
    _ inputs: [PassInput], _ context: ExecutionContext, _ monitor: PassMonitor
  ) throws -> [TrunkOutput] {
    let probe = monitor.probe
    let pack = ProteinPack(inputs.map(\.target.residueCount))
    let pairMasks = inputs.map { PositionMask(pairsOf: $0.target.residueMask, pool: context.pool) }
    let zs = zip(inputs, pairMasks).map { input, mask in
      startPair(input, mask, context, probe)
    }
    if templateEmbedding != nil, inputs.contains(where: { $0.target.templates != nil }) {
      try monitor.finished(.templates, zs, context)
    }
    try extraMSA.update(zs, inputs.map(\.draw), pack, pairs: pairMasks, context, monitor)
    if let probe { for z in zs { probe("extra/pair", z) } }
    let starts = inputs.map { startMSA($0, context, probe) }
    let m = pack.join(starts.map(\.m), context)
    let masks = TrunkMasks(pack, rows: starts.map(\.mask), pairs: pairMasks, pool: context.pool)
    try evoformer.update(m, zs, masks, context, monitor)
    return inputs.indices.map { index in
      let msa = pack.part(index, of: m, rows: inputs[index].draw.clusterCount, context)
      return TrunkOutput(
        msa: msa, pair: zs[index], single: singleProjection.logits(of: msa[0], context))
    }
  }

  /// The pair representation before the stacks, templates included.
  private func startPair(
    _ input: PassInput, _ mask: PositionMask, _ context: ExecutionContext, _ probe: Probe?
  ) -> Tensor {
    let z = inputEmbedder.embedPair(input.target, input.previous, context)
    probe?("embedder/pair", z)
    if let templateEmbedding, let features = input.target.templates {
      templateEmbedding.update(z, features, pairMask: mask, context, probe)
    }
    probe?("template/pair", z)
    return z
  }

  /// Cluster rows and template rows before the Evoformer, and their mask. `[N_seq, N_res, c_m]`
  private func startMSA(
    _ input: PassInput, _ context: ExecutionContext, _ probe: Probe?
  ) -> (m: Tensor, mask: NDArray<Float>) {
    let (target, draw) = (input.target, input.draw)
    let templates = templateEmbedding?.torsions == nil ? 0 : (target.templates?.count ?? 0)
    let residues = target.residueCount
    let m = context.empty([draw.clusterCount + templates, residues, config.channels.msa])
    let clusters = m[0..<draw.clusterCount]
    inputEmbedder.embedMSA(target, draw, input.previous, into: clusters, context)
    probe?("embedder/msa", clusters)
    guard templates > 0, let torsions = templateEmbedding?.torsions, let features = target.templates
    else {
      return (m, draw.msaMask)
    }
    let rows = m[draw.clusterCount..<draw.clusterCount + templates]
    let templateMask = torsions.embed(features, into: rows, context)
    probe?("template/msa_rows", rows)
    let mask = NDArray(
      shape: [m.shape[0], residues], values: draw.msaMask.values + templateMask.values)
    return (m, mask)
  }

  /// The trunk alone, from an empty state: no structure module, no heads.
  ///
  /// For benchmarks of the stacks.
  package func representations(
    _ target: TargetFeatures, _ draw: AlignmentDraw, _ context: ExecutionContext
  ) throws -> TrunkOutput {
    try trunk([PassInput(target, draw, initialState(target, context))], context, PassMonitor())[0]
  }
}
