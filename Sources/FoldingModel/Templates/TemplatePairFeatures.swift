import FoldingCore
import NumericArrays
import Protein
import TensorCore

/// The 88 features of each residue pair of one template, written one row of pairs at a time.
///
/// Jumper et al. 2021, Suppl. Table 1 and 1.7.1: 39 distance bins, pseudo-beta pair mask, residue types of j and of i
/// (22 each), unit vector (3, zeros in the released models) and backbone pair mask, all times the backbone pair mask.
struct TemplatePairFeatures {
  private let bins: DistanceBins
  private let binCount: Int
  private let aatype: [Int]
  private let pseudoBeta: [SIMD3<Float>]
  private let pseudoBetaMask: [Float]
  private let backboneMask: [Float]

  /// Features per pair.
  static func width(_ config: TemplateConfig) -> Int {
    config.distanceBins + FeatureWidths.templatePairWithoutBins
  }

  init(_ templates: TemplateFeatures, template: Int, _ config: TemplateConfig) {
    let residues = templates.aatype.shape[1]
    bins = DistanceBins(config.distanceEdges)
    binCount = config.distanceBins
    aatype = templates.aatype.slice(template).values.map { Int($0) }
    let beta = templates.pseudoBeta.slice(template).values
    pseudoBeta = (0..<residues).map { SIMD3(beta[$0 * 3], beta[$0 * 3 + 1], beta[$0 * 3 + 2]) }
    pseudoBetaMask = templates.pseudoBetaMask.slice(template).values
    let atoms = templates.mask.slice(template).values
    backboneMask = (0..<residues).map { residue in
      [AtomName.n, .ca, .c].reduce(1) { $0 * atoms[residue * AtomName.count + $1.index] }
    }
  }

  /// Writes the features of the pairs (i, 0 …). `[N_res, 88]` fp32
  func write(row i: Int, into result: Tensor) {
    let (width, typeCount) = (result.channels, FeatureWidths.templateTypes)
    for j in aatype.indices {
      let features = result.floats + j * width
      for index in 0..<width { features[index] = 0 }
      let backbone = backboneMask[i] * backboneMask[j]
      if backbone == 0 { continue }
      let d = pseudoBeta[i] - pseudoBeta[j]
      if let bin = bins.bin((d * d).sum()) { features[bin] = backbone }
      features[binCount] = pseudoBetaMask[i] * pseudoBetaMask[j] * backbone
      let types = features + binCount + 1
      types[min(aatype[j], typeCount - 1)] = backbone
      types[typeCount + min(aatype[i], typeCount - 1)] = backbone
      features[width - 1] = backbone * backbone
    }
  }
}
