import FoldingCore
import NeuralNet
import NumericArrays
import PlainTensors

/// What one pass of the plain network computes.
struct PlainPassOutput<Real: RealNumber> {
  /// Cluster rows. `[N_clust, N_res, c_m]`
  let msa: PlainTensor<Real>
  /// The pair representation z. `[N_res, N_res, c_z]`
  let pair: PlainTensor<Real>
  /// The single representation s. `[N_res, c_s]`
  let single: PlainTensor<Real>
  /// Iterations of the structure module.
  let structure: [PlainStructureLayer<Real>]
  /// pLDDT logits; nil without iterations. `[N_res, bins]`
  let lddtLogits: PlainTensor<Real>?
  /// Distogram logits. `[N_res, N_res, 64]`
  let distogramLogits: PlainTensor<Real>
}

/// Plain twin of `FoldingNetwork`: one pass over one draw, lines 5–17 and 21 of Algorithm 2.
///
/// Lines 18–20 average an ensemble, which has one member here.
struct PlainFoldingNetwork<Real: RealNumber> {
  let inputEmbedder: PlainInputEmbedder<Real>
  let templateEmbedding: PlainTemplateEmbedding<Real>?
  let extraMSA: PlainExtraMSAStack<Real>
  let evoformer: [PlainEvoformerBlock<Real>]
  let singleProjection: PlainLinear<Real>
  let structureModule: PlainStructureModule<Real>
  let predictedLDDT: PlainPredictedLDDTHead<Real>
  let distogram: PlainDistogramHead<Real>

  init(_ network: FoldingNetwork) {
    self.inputEmbedder = PlainInputEmbedder(network.inputEmbedder, network.config.channels)
    self.templateEmbedding = network.templateEmbedding.map { PlainTemplateEmbedding($0) }
    self.extraMSA = PlainExtraMSAStack(network.extraMSA)
    self.evoformer = network.evoformer.ready.map { PlainEvoformerBlock($0) }
    self.singleProjection = PlainLinear(network.singleProjection)
    self.structureModule = PlainStructureModule(network.structureModule)
    self.predictedLDDT = PlainPredictedLDDTHead(network.predictedLDDT)
    self.distogram = PlainDistogramHead(network.distogram)
  }

  func callAsFunction(
    _ target: TargetFeatures, _ draw: AlignmentDraw, _ previous: PlainPreviousPass<Real>
  ) -> PlainPassOutput<Real> {
    let residueMask = PlainTensor(
      shape: [target.residueCount], values: target.residueMask.map { Real($0) }, isVariable: false)
    let pairMask = einsum("i,j->ij", residueMask, residueMask)
    var z = inputEmbedder.embedPair(target, previous)  // lines 5–6
    var m = inputEmbedder.embedMSA(target, draw, previous)  // lines 5–6
    var mask = PlainTensor<Real>(draw.msaMask, isVariable: false)
    if let templateEmbedding, let templates = target.templates {  // lines 7–13
      if let update = templateEmbedding(z, templates, pairMask: pairMask) { z = z + update }
      if templates.count > 0, let torsions = templateEmbedding.torsions?(templates) {
        m = concatenate([m, torsions.rows], axis: 0)
        mask = concatenate([mask, torsions.mask], axis: 0)
      }
    }
    z = extraMSA(z, draw, pairMask: pairMask)  // lines 14–16
    for block in evoformer { (m, z) = block(m, z, mask: mask, pairMask: pairMask) }  // line 17
    let s = singleProjection(m[0])  // line 17, by line 12 of Algorithm 6
    let layers = structureModule(single: s, pair: z, mask: residueMask)  // line 21
    return PlainPassOutput(
      msa: m.slice(0..<draw.clusterCount, axis: 0), pair: z, single: s, structure: layers,
      lddtLogits: layers.last.map { predictedLDDT($0.activation) }, distogramLogits: distogram(z))
  }
}
