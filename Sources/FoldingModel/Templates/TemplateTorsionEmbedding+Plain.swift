import FoldingCore
import NeuralNet
import NumericArrays
import PlainTensors

/// Plain twin of `TemplateTorsionEmbedding`, line 7 of Algorithm 2.
struct PlainTemplateTorsionEmbedding<Real: RealNumber> {
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
