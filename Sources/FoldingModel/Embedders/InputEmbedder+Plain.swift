import FoldingCore
import NeuralNet
import NumericArrays
import PlainTensors

/// What one pass hands to the next, in the types of the plain twins.
struct PlainPreviousPass<Real: RealNumber> {
  /// Atom coordinates, Å, atom37; no gradient flows through them. `[N_res, 37, 3]`
  let positions: NDArray<Float>
  /// First row of m. `[N_res, c_m]`
  let msaFirstRow: PlainTensor<Real>
  /// The pair representation z. `[N_res, N_res, c_z]`
  let pair: PlainTensor<Real>
}

/// Plain twin of `InputEmbedder`, Algorithm 3, with relative positions (4, 5) and recycling (32) as it adds them.
struct PlainInputEmbedder<Real: RealNumber> {
  let target, msa, left, right: PlainLinear<Real>
  let relativePosition: PlainRelativePosition<Real>
  let recycling: PlainRecyclingEmbedder<Real>

  init(_ layer: InputEmbedder, _ config: ChannelConfig) {
    self.target = PlainLinear(layer.target)
    self.msa = PlainLinear(layer.msa)
    self.left = PlainLinear(layer.left)
    self.right = PlainLinear(layer.right)
    self.relativePosition = PlainRelativePosition(layer.relativePosition)
    self.recycling = PlainRecyclingEmbedder(layer.recycling, config)
  }

  /// - Shapes: → m `[N_clust, N_res, c_m]`
  func embedMSA(
    _ features: TargetFeatures, _ draw: AlignmentDraw, _ previous: PlainPreviousPass<Real>
  ) -> PlainTensor<Real> {
    let targetFeature = PlainTensor<Real>(features.targetFeature, isVariable: false)
    let msaFeature = PlainTensor<Real>(draw.msaFeature, isVariable: false)
    let m = msa(msaFeature) + target(targetFeature)  // line 4
    let first = m.slice(0..<1, axis: 0) + recycling.firstRow(previous)
    return concatenate([first, m.slice(1..<draw.clusterCount, axis: 0)], axis: 0)
  }

  /// - Shapes: → z `[N_res, N_res, c_z]`
  func embedPair(
    _ features: TargetFeatures, _ previous: PlainPreviousPass<Real>
  ) -> PlainTensor<Real> {
    let targetFeature = PlainTensor<Real>(features.targetFeature, isVariable: false)
    let (residues, channels) = (features.residueCount, left.weight.shape[1])
    let a = left(targetFeature).reshaped([residues, 1, channels])  // line 1
    let b = right(targetFeature).reshaped([1, residues, channels])  // line 1
    let z = a + b  // line 2
    return z + relativePosition(features.residueIndex)  // line 3
      + recycling.pair(previous, aatype: features.aatype)
  }
}

/// Plain twin of `RecyclingEmbedder`, Algorithm 32.
struct PlainRecyclingEmbedder<Real: RealNumber> {
  let positionLinear: PlainLinear<Real>
  let firstRowNorm, pairNorm: PlainLayerNorm<Real>
  let bins: PlainDistanceBins

  init(_ layer: RecyclingEmbedder, _ config: ChannelConfig) {
    self.positionLinear = PlainLinear(layer.positionLinear)
    self.firstRowNorm = PlainLayerNorm(layer.firstRowNorm)
    self.pairNorm = PlainLayerNorm(layer.pairNorm)
    self.bins = PlainDistanceBins(
      count: config.recycleBins, first: config.recycleMinDistance, last: config.recycleMaxDistance)
  }

  /// What is added to the first row of m. `[N_res, c_m]`
  func firstRow(_ previous: PlainPreviousPass<Real>) -> PlainTensor<Real> {
    firstRowNorm(previous.msaFirstRow)  // line 4
  }

  /// What is added to z. `[N_res, N_res, c_z]`
  func pair(_ previous: PlainPreviousPass<Real>, aatype: [Int]) -> PlainTensor<Real> {
    // line 1
    let d: PlainTensor<Real> = bins(pseudoBeta(aatype: aatype, positions: previous.positions))
    return positionLinear(d) + pairNorm(previous.pair)  // lines 2–3
  }
}
