import FoldingCore
import NeuralNet
import TensorCore

/// Contribution of the templates: an update of the pair tensor, and rows for the MSA that carry their torsion angles.
///
/// Lines 7–13 of Algorithm 2 (Jumper et al. 2021, Suppl. 1.4 and 1.7.1).
struct TemplateEmbedding: Sendable {
  let config: TemplateConfig
  let pairStack: TemplatePairStack
  let pointwiseAttention: TemplatePointwiseAttention
  let torsions: TemplateTorsionEmbedding?

  init(_ scope: ParameterScope, _ channels: ChannelConfig, _ config: TemplateConfig) throws {
    self.config = config
    let embedding = scope.scope("template_embedding")
    self.pairStack = try TemplatePairStack(embedding, config)
    self.pointwiseAttention = try TemplatePointwiseAttention(
      embedding, pair: channels.pair, config)
    self.torsions =
      config.embedsTorsions ? try TemplateTorsionEmbedding(scope, msa: channels.msa) : nil
  }

  /// Updates z in place; does nothing when no template is present.
  func update(
    _ z: Tensor, _ templates: TemplateFeatures, pairMask: PositionMask,
    _ context: ExecutionContext, _ probe: Probe?
  ) {
    if !templates.templateMask.contains(where: { $0 > 0 }) { return }
    let residues = z.shape[0]
    let representations = (0..<templates.count).map { index in
      pairStack(
        TemplatePairFeatures(templates, template: index, config), residues: residues,
        mask: pairMask, context.scoped("template", index))
    }
    if let probe {
      let size = residues * residues * config.channels
      let all = context.empty([templates.count, residues, residues, config.channels], .float32)
      for (index, representation) in representations.enumerated() {
        all[index].assign(representation)
      }
      if size > 0 { probe("template/pair_stack", all) }
    }
    probe.step("template/update", on: z, context) {
      pointwiseAttention.update(z, representations, mask: templates.templateMask, context)
    }
  }
}
