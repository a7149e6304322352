import FoldingCore
import NeuralNet
import NumericArrays
import Protein
import TensorCore

/// The output of the structure module.
struct StructureOutput {
  /// Single representation after the last iteration, for the pLDDT head. `[N_res, c_s]`
  var activation: Tensor
  /// Atom coordinates, Å, atom37; zero where the residue has no such atom. `[N_res, 37, 3]`
  var positions: NDArray<Float>
  /// What the losses read; nil without a tape.
  var trace: StructureTrace?
}

/// Structure module: turns the trunk's representations into coordinates by moving residue frames, which start at the origin
/// unless the configuration says otherwise.
///
/// Algorithm 20 (Jumper et al. 2021, Suppl. 1.8). Iterations share their weights. fp32 throughout; translations are
/// in units of 10 Å until the atoms are placed.
///
/// - Departure: torsions are predicted only after the last iteration, unless there is a tape; atoms are placed only after the last,
///   unless there is a probe.
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
    let (initial, start) = initialSingle(single, context)
    var s = start
    var trace = StructureTrace()
    var frames = firstFrames(s, initial, &trace, context)  // line 4
    for layer in 0..<config.layers {
      let probe = probe?.scoped("structure/\(layer)")
      let context = context.scoped("structure", layer)
      let isLast = layer == config.layers - 1
      s = iterate(s, pair, &frames, features, context, probe)  // lines 2, 6–10
      if let traced = frames.traced { trace.backbone.append(traced) }
      guard isLast || probe != nil || context.tape != nil else { continue }
      let torsions = sideChain(s, initial, context)  // lines 11–14
      trace.torsions.append(torsions)
      if isLast || probe != nil {
        (trace.groupFrames, trace.atom14) = placeAtoms(features.aatype, frames, torsions, context)
        probe?.sideChains(torsions, trace)
      }
    }
    return StructureOutput(
      activation: s,
      positions: NDArray(
        shape: [features.residueCount, AtomName.count, 3],
        values: AtomPlacement.atom37Positions(
          aatype: features.aatype, atom14: trace.atom14?.array().values ?? [])),
      trace: context.tape == nil ? nil : trace)
  }

  /// The frames that the first iteration starts from; torsions that determine them join the trace.
  private func firstFrames(
    _ s: Tensor, _ initial: Tensor, _ trace: inout StructureTrace, _ context: ExecutionContext
  ) -> BackboneFrames {
    switch config.start {
    case .origin: return BackboneFrames(identities: s.shape[0])
    case .helix:
      return BackboneFrames(chain: Array(repeating: IdealHelix.torsions, count: s.shape[0]))
    case .torsions:
      let torsions = sideChain(s, initial, context)
      trace.torsions.append(torsions)
      return BackboneFrames(chain: torsions.backbone)
    }
  }

  /// 1 for atoms of each residue's type. `[N_res, 37]`
  static func atomMask(_ aatype: [Int]) -> NDArray<Float> {
    NDArray(
      shape: [aatype.count, AtomName.count],
      values: aatype.flatMap { type in
        Atom37.mask[type * AtomName.count..<(type + 1) * AtomName.count]
      })
  }

  /// The initial representation, normalised and projected (lines 1 and 3).
  private func initialSingle(
    _ single: Tensor, _ context: ExecutionContext
  ) -> (initial: Tensor, s: Tensor) {
    let unrecorded = context.unrecorded
    let initial = singleNorm(single, unrecorded)
    let s = initialProjection(initial, unrecorded)
    context.record { context in
      backward(beginning: single, initial, context.gradient(of: s), context)
    }
    return (initial, s)
  }

  private func iterate(
    _ s: Tensor, _ z: Tensor, _ frames: inout BackboneFrames, _ features: TargetFeatures,
    _ context: ExecutionContext, _ probe: Probe?
  ) -> Tensor {
    let attended = attention(  // lines 2, 6
      s, z, pairNorm: pairNorm, frames, mask: features.residueMask, context)
    probe?("ipa", attended)
    let result = transitionAndNorms(s, attended, context)
    let unrecorded = context.unrecorded
    let updates = backboneUpdate(result, unrecorded)
    context.record { context in
      let context = context.storing(.float32)
      backboneUpdate.backward(
        input: Matrix(result), outputGradient: Matrix(context.gradient(of: updates)),
        into: Matrix(context.gradient(of: result)), accumulates: true, context)
    }
    frames.compose(updates, context)  // line 10
    probe?("act", result)
    if let probe { probe("affine", frames.tensor(context)) }
    return result
  }

  /// Residual, dropout and norm, then the transition (lines 6–9, without the attention itself).
  ///
  /// `attended` is overwritten.
  private func transitionAndNorms(_ s: Tensor, _ attended: Tensor, _ context: ExecutionContext)
    -> Tensor
  {
    let recorder = context
    let context = context.unrecorded
    let factors = ["attention", "transition"].map {
      context.dropoutFactors($0, rate: config.dropout, s.shape)
    }
    context.addShared(s, into: attended)
    context.scale(attended, by: factors[0])
    var hidden = [attentionNorm(attended, context)]  // line 7
    for (index, linear) in transition.enumerated() {
      let isLast = index == transition.count - 1
      hidden.append(linear(hidden[index], activation: isLast ? .none : .relu, context))
    }
    let sum = hidden.removeLast()
    context.addShared(hidden[0], into: sum)  // line 8
    context.scale(sum, by: factors[1])
    let result = transitionNorm(sum, context)  // line 9
    let trace = TransitionTrace(attended: attended, inputs: hidden, sum: sum, factors: factors)
    recorder.record { context in
      backward(transition: trace, of: s, context.gradient(of: result), context)
    }
    return result
  }

  /// Rigid groups and atoms of the residues (Algorithm 24).
  ///
  /// - Returns: frames, Å `[N_res, 8, 12]`, and atoms, Å `[N_res, 14, 3]`
  private func placeAtoms(
    _ aatype: [Int], _ frames: BackboneFrames, _ torsions: Torsions, _ context: ExecutionContext
  ) -> (groups: Tensor, atoms: Tensor) {
    let groups = AtomPlacement.groupFrames(
      aatype: aatype,
      backbone: aatype.indices.map { frames.frame($0, scale: Self.positionScale) },
      torsions: torsions.sinCos.array().values)
    let atoms = AtomPlacement.atom14Positions(aatype: aatype, frames: groups)
    let groupTensor = Tensor(
      NDArray(shape: [aatype.count, RigidGroups.count, 12], values: groups.flatMap { $0.flat12 }),
      pool: context.pool)
    let atomTensor = Tensor(
      NDArray(shape: [aatype.count, Atom14.count, 3], values: atoms), pool: context.pool)
    context.record { context in
      backward(placing: aatype, frames, torsions, groupTensor, atomTensor, context)
    }
    return (groupTensor, atomTensor)
  }
}

extension Probe {
  /// Records the results of the last steps of an iteration.
  fileprivate func sideChains(_ torsions: Torsions, _ trace: StructureTrace) {
    self("angles_sin_cos", torsions.sinCos)
    self("unnormalized_angles_sin_cos", torsions.unnormalized)
    if let frames = trace.groupFrames { self("frames", frames) }
    if let atoms = trace.atom14 { self("atom_pos", atoms) }
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
