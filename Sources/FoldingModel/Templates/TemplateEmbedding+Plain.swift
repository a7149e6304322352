import FoldingCore
import NeuralNet
import NumericArrays
import PlainTensors

/// Plain twin of `TemplateEmbedding`: what templates add to z, lines 7–13 of Algorithm 2.
struct PlainTemplateEmbedding<Real: PlainReal> {
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

/// Plain twin of `TemplateTorsionEmbedding`.
struct PlainTemplateTorsionEmbedding<Real: PlainReal> {
  let first, second: PlainLinear<Real>

  init(_ layer: TemplateTorsionEmbedding) {
    self.first = PlainLinear(layer.first)
    self.second = PlainLinear(layer.second)
  }

  /// - Shapes: → rows `[N_templ, N_res, c_m]` and their mask `[N_templ, N_res]`, that of psi
  func callAsFunction(
    _ templates: TemplateFeatures
  ) -> (rows: PlainTensor<Real>, mask: PlainTensor<Real>) {
    let residues = templates.aatype.shape[1]
    let features = (0..<templates.count).map { template in
      let aatype = templates.aatype.slice(template).values.map { Int($0) }
      let torsions = TorsionAngles<Real>(
        aatype: aatype, positions: templates.positions.slice(template).values.map { Real($0) },
        mask: templates.mask.slice(template).values.map { Real($0) })
      func constant(_ values: [Real], _ width: Int) -> PlainTensor<Real> {
        PlainTensor(shape: [1, residues, width], values: values, isVariable: false)
      }
      let types = PlainTensor<Real>.oneHot(aatype.map { min($0, 21) }, classes: 22)
      return concatenate(
        [
          types.reshaped([1, residues, 22]), constant(torsions.sineCosine, 14),
          constant(torsions.alternative, 14), constant(torsions.mask, 7),
        ], axis: -1)
    }
    let all = concatenate(features, axis: 0)
    let psiMask = all.slice(52..<53, axis: -1).reshaped([templates.count, residues])
    return (second(relu(first(all))), psiMask)
  }
}
