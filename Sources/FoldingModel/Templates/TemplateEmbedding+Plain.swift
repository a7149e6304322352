import FoldingCore
import NumericArrays
import PlainTensors

/// Plain twin of `TemplateEmbedding`: what templates add to z, lines 9–13 of Algorithm 2.
struct PlainTemplateEmbedding<Real: RealNumber> {
  let config: TemplateConfig
  let pairStack: PlainTemplatePairStack<Real>
  let pointwiseAttention: PlainTemplatePointwiseAttention<Real>
  let torsions: PlainTemplateTorsionEmbedding<Real>?

  init(_ layer: TemplateEmbedding) {
    self.config = layer.config
    self.pairStack = PlainTemplatePairStack(layer.pairStack)
    self.pointwiseAttention = PlainTemplatePointwiseAttention(layer.pointwiseAttention)
    self.torsions = layer.torsions.map { PlainTemplateTorsionEmbedding($0) }
  }

  /// - Shapes: z `[N_res, N_res, c_z]`, pairMask `[N_res, N_res]` → like z; nil when no template is present
  func callAsFunction(
    _ z: PlainTensor<Real>, _ templates: TemplateFeatures, pairMask: PlainTensor<Real>
  ) -> PlainTensor<Real>? {
    if !templates.templateMask.contains(where: { $0 > 0 }) { return nil }
    let t = (0..<templates.count).map { index in
      let features: PlainTensor<Real> = plainTemplatePairFeatures(
        templates, template: index, config)
      let t = pairStack(features, mask: pairMask)
      return t.reshaped([1] + t.shape)
    }
    let mask = PlainTensor(
      shape: [templates.count], values: templates.templateMask.map { Real($0) }, isVariable: false)
    return pointwiseAttention(z, concatenate(t, axis: 0), mask: mask)
  }
}
