import FoldingCore
import NeuralNet
import NumericArrays
import PlainTensors
import Protein

/// The output of each iteration of the plain structure module.
struct PlainStructureLayer<Real: RealNumber> {
  /// The single representation s. `[N_res, c_s]`
  let activation: PlainTensor<Real>
  /// Translations in units of 10 Å.
  let frames: PlainFrames<Real>
  /// Of unit length, and before normalisation. `[N_res, 7, 2]`
  let sinCos, unnormalized: PlainTensor<Real>

  /// Atom coordinates, Å, in the atom14 order, by Algorithm 24. `[N_res, 14, 3]`
  func atom14(aatype: [Int]) -> [Real] {
    let groups = AtomPlacement.groupFrames(
      aatype: aatype, backbone: frames.rigidTransforms(scale: Real(StructureModule.positionScale)),
      torsions: sinCos.values)
    return AtomPlacement.atom14Positions(aatype: aatype, frames: groups)
  }
}

/// Plain twin of `StructureModule`, Algorithm 20.
struct PlainStructureModule<Real: RealNumber> {
  let config: StructureConfig
  let singleNorm: PlainLayerNorm<Real>
  let initialProjection: PlainLinear<Real>
  let pairNorm: PlainLayerNorm<Real>
  let attention: PlainInvariantPointAttention<Real>
  let attentionNorm: PlainLayerNorm<Real>
  let transition: [PlainLinear<Real>]
  let transitionNorm: PlainLayerNorm<Real>
  let backboneUpdate: PlainLinear<Real>
  let sideChain: PlainSideChainTorsions<Real>

  init(_ module: StructureModule) {
    self.config = module.config
    self.singleNorm = PlainLayerNorm(module.singleNorm)
    self.initialProjection = PlainLinear(module.initialProjection)
    self.pairNorm = PlainLayerNorm(module.pairNorm)
    self.attention = PlainInvariantPointAttention(module.attention)
    self.attentionNorm = PlainLayerNorm(module.attentionNorm)
    self.transition = module.transition.map { PlainLinear($0) }
    self.transitionNorm = PlainLayerNorm(module.transitionNorm)
    self.backboneUpdate = PlainLinear(module.backboneUpdate)
    self.sideChain = PlainSideChainTorsions(module.sideChain)
  }

  /// - Parameters:
  ///   - stopsRotations: derivatives stop at the rotations that an iteration starts from, as in the released code.
  ///   - dropoutFactors: factors of each iteration before the norms of attention and transition; none if empty. `[N_res, c_s]`
  /// - Shapes: single `[N_res, c_s]`, pair `[N_res, N_res, c_z]`, mask `[N_res]` → one entry per iteration
  func callAsFunction(
    single: PlainTensor<Real>, pair: PlainTensor<Real>, mask: PlainTensor<Real>,
    stopsRotations: Bool = true,
    dropoutFactors: [(attention: PlainTensor<Real>, transition: PlainTensor<Real>)] = []
  ) -> [PlainStructureLayer<Real>] {
    let initial = singleNorm(single)  // line 1
    let z = pairNorm(pair)  // line 2
    var s = initialProjection(initial)  // line 3
    var frames = firstFrames(s, initial)  // line 4
    return (0..<config.layers).map { layer in
      if stopsRotations { frames.quaternions = frames.quaternions.withoutGradient() }
      s = s + attention(s, z, frames, mask: mask)  // line 6
      if !dropoutFactors.isEmpty { s = s * dropoutFactors[layer].attention }
      s = attentionNorm(s)  // line 7
      var hidden = s
      for (index, linear) in transition.enumerated() {
        hidden = index < transition.count - 1 ? relu(linear(hidden)) : linear(hidden)
      }
      s = s + hidden  // line 8
      if !dropoutFactors.isEmpty { s = s * dropoutFactors[layer].transition }
      s = transitionNorm(s)  // line 9
      frames = frames.composed(backboneUpdate(s))  // line 10
      let torsions = sideChain(s, initial)  // lines 11–14
      return PlainStructureLayer(
        activation: s, frames: frames, sinCos: torsions.sinCos,
        unnormalized: torsions.unnormalized)
    }
  }

  /// The frames that the first iteration starts from.
  private func firstFrames(
    _ s: PlainTensor<Real>, _ initial: PlainTensor<Real>
  ) -> PlainFrames<Real> {
    let count = s.shape[0]
    switch config.start {
    case .origin: return PlainFrames(identities: count)
    case .helix: return PlainFrames(chain: Array(repeating: IdealHelix.torsions, count: count))
    case .torsions:
      let torsions = sideChain(s, initial).sinCos.values.map { Double($0) }
      return PlainFrames(chain: BackboneTorsions.list(torsions))
    }
  }
}
