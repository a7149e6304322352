import FoldingCore
import NumericArrays
import PlainTensors
import Protein

/// Plain twin of `TemplatePairFeatures`: the 88 features of every residue pair of one template.
///
/// Distance bins, pseudo-beta pair mask, types of j and of i, unit vector (zeros), backbone pair mask, all times the latter.
func plainTemplatePairFeatures<Real: RealNumber>(
  _ templates: TemplateFeatures, template: Int, _ config: TemplateConfig
) -> PlainTensor<Real> {
  let count = templates.aatype.shape[1]
  func perPair(_ i: PlainTensor<Real>, _ j: PlainTensor<Real>) -> PlainTensor<Real> {
    (i.reshaped([count, 1]) * j.reshaped([1, count])).lastAxisAdded
  }
  let beta = templates.pseudoBeta.slice(template).values
  let bins = PlainDistanceBins(
    count: config.distanceBins, first: config.minDistance, last: config.maxDistance)
  let distogram: PlainTensor<Real> = bins(
    (0..<count).map { SIMD3(beta[$0 * 3], beta[$0 * 3 + 1], beta[$0 * 3 + 2]) })
  let betaMask = PlainTensor<Real>(templates.pseudoBetaMask.slice(template), isVariable: false)
  let atoms = PlainTensor<Real>(templates.mask.slice(template), isVariable: false)
  let backbone = [AtomName.n, .ca, .c].reduce(PlainTensor(repeating: 1, shape: [count, 1])) {
    $0 * atoms.slice($1.index..<$1.index + 1, axis: 1)
  }
  let types = PlainTensor<Real>.oneHot(
    templates.aatype.slice(template).values.map { min(Int($0), 21) }, classes: 22)
  let backbonePair = perPair(backbone, backbone)
  return concatenate(
    [
      distogram, perPair(betaMask, betaMask),
      types.reshaped([1, count, 22]).broadcast(to: [count, count, 22]),
      types.reshaped([count, 1, 22]).broadcast(to: [count, count, 22]),
      PlainTensor(repeating: 0, shape: [count, count, 3]), backbonePair,
    ], axis: -1) * backbonePair
}
