import FoldingCore
import NeuralNet
import NumericArrays
import Protein
import TensorCore

/// What the structure module leaves behind.
struct StructureOutput {
  /// Single representation after the last iteration, for the pLDDT head. `[N_res, c_s]`
  var activation: Tensor
  /// Atom coordinates, Å, atom37; zero where the residue has no such atom. `[N_res, 37, 3]`
  var positions: NDArray<Float>
}

/// Structure module: turns the trunk's representations into coordinates by moving residue frames, starting from all
/// residues at the origin.
///
/// Algorithm 20 (Jumper et al. 2021, Suppl. 1.8). Iterations share their weights. fp32 throughout; translations are
/// in units of 10 Å until the atoms are placed.
///
/// - Departure: side chains are placed after the last iteration only, unless a probe watches.
struct StructureModule: Sendable {
  let config: StructureConfig
  let singleNorm: LayerNorm
  let initialProjection: Linear
  let pairNorm: LayerNorm
  let attention: InvariantPointAttention
  let attentionNorm: LayerNorm
  let transition: [Linear]
  let transitionNorm: LayerNorm
  let backboneUpdate: Linear
  let sideChain: SideChainTorsions

  /// Å per unit of translation.
  static let positionScale: Float = 10

  init(_ scope: ParameterScope, _ config: FoldingConfig) throws {
    let scope = scope.scope("structure_module").inFloat32
    let (single, pair) = (config.channels.single, config.channels.pair)
    self.config = config.structure
    self.singleNorm = try LayerNorm(scope.scope("single_layer_norm"), single)
    self.initialProjection = try Linear(scope.scope("initial_projection"), single, single)
    self.pairNorm = try LayerNorm(scope.scope("pair_layer_norm"), pair)
    let fold = scope.scope("fold_iteration")
    self.attention = try InvariantPointAttention(
      fold, single: single, pair: pair, config.structure)
    self.attentionNorm = try LayerNorm(fold.scope("attention_layer_norm"), single)
    self.transition = try (0..<config.structure.transitionLayers).map { index in
      try Linear(fold.scope(index == 0 ? "transition" : "transition_\(index)"), single, single)
    }
    self.transitionNorm = try LayerNorm(fold.scope("transition_layer_norm"), single)
    self.backboneUpdate = try Linear(fold.scope("affine_update"), single, 6)
    self.sideChain = try SideChainTorsions(
      fold.scope("rigid_sidechain"), single: single, config.structure)
  }

  /// - Parameters:
  ///   - single: `[N_res, c_s]` fp32.
  ///   - pair: `[N_res, N_res, c_z]`.
  func callAsFunction(
    single: Tensor, pair: Tensor, _ features: TargetFeatures, _ context: ExecutionContext,
    _ probe: Probe?
  ) -> StructureOutput {
    let context = context.storing(.float32)
    let initial = singleNorm(single, context)  // line 1
    var s = initialProjection(initial, context)  // line 3
    var frames = BackboneFrames(identities: features.residueCount)  // line 4
    var atom14: [Float] = []
    for layer in 0..<config.layers {
      let probe = probe?.scoped("structure/\(layer)")
      s = iterate(s, pair, &frames, features, context, probe)  // lines 6–10
      if layer == config.layers - 1 || probe != nil {
        let torsions = sideChain(s, initial, context)  // lines 11–14
        let groups = AtomPlacement.groupFrames(
          aatype: features.aatype,
          backbone: features.aatype.indices.map { frames.frame($0, scale: Self.positionScale) },
          torsions: torsions.sinCos.array().values)  // line 24
        atom14 = AtomPlacement.atom14Positions(aatype: features.aatype, frames: groups)
        probe?.sideChains(torsions, groups, atom14, context)
      }
    }
    return StructureOutput(
      activation: s,
      positions: NDArray(
        shape: [features.residueCount, AtomName.count, 3],
        values: AtomPlacement.atom37Positions(aatype: features.aatype, atom14: atom14)))
  }

  /// 1 for atoms of each residue's type. `[N_res, 37]`
  static func atomMask(_ aatype: [Int]) -> NDArray<Float> {
    NDArray(
      shape: [aatype.count, AtomName.count],
      values: aatype.flatMap { type in
        Atom37.mask[type * AtomName.count..<(type + 1) * AtomName.count]
      })
  }

  private func iterate(
    _ s: Tensor, _ z: Tensor, _ frames: inout BackboneFrames, _ features: TargetFeatures,
    _ context: ExecutionContext, _ probe: Probe?
  ) -> Tensor {
    let attended = attention(
      s, z, pairNorm: pairNorm, frames, mask: features.residueMask, context)
    probe?("ipa", attended)
    context.add(s, into: attended)
    let normed = attentionNorm(attended, context)  // line 7
    var hidden = normed
    for (index, linear) in transition.enumerated() {
      hidden = linear(hidden, activation: index < transition.count - 1 ? .relu : .none, context)
    }
    context.add(normed, into: hidden)  // line 8
    let result = transitionNorm(hidden, context)  // line 9
    frames.compose(backboneUpdate(result, context))  // line 10
    probe?("act", result)
    if let probe { probe("affine", frames.tensor(context)) }
    return result
  }
}

extension Probe {
  /// Records what the last steps of an iteration made.
  fileprivate func sideChains(
    _ torsions: Torsions, _ groups: [RigidTransform<Float>], _ atom14: [Float],
    _ context: ExecutionContext
  ) {
    let residues = torsions.sinCos.shape[0]
    self("angles_sin_cos", torsions.sinCos)
    self("unnormalized_angles_sin_cos", torsions.unnormalized)
    let frames = NDArray(
      shape: [residues, RigidGroups.count, 12], values: groups.flatMap { $0.flat12 })
    self("frames", Tensor(frames, pool: context.pool))
    let atoms = NDArray(shape: [residues, Atom14.count, 3], values: atom14)
    self("atom_pos", Tensor(atoms, pool: context.pool))
  }
}

extension BackboneFrames {
  /// Quaternions and translations side by side, 10 Å. `[N_res, 7]`
  fileprivate func tensor(_ context: ExecutionContext) -> Tensor {
    let values = zip(quaternions, translations).flatMap { q, t in
      [q.x, q.y, q.z, q.w, t.x, t.y, t.z]
    }
    return Tensor(NDArray(shape: [quaternions.count, 7], values: values), pool: context.pool)
  }
}
