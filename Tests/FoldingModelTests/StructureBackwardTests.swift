import FoldingCore
import NeuralNet
import NumericArrays
import PlainTensors
import Protein
import TensorCore
import TestSupport
import Testing

@testable import FoldingModel

/// Tensors of a layer beside their counterparts of its twin.
typealias TwinPairs = [(name: String, fast: Tensor, plain: PlainTensor<Double>)]

/// Parameters of a linear layer.
func twins(_ name: String, _ layer: Linear, _ plain: PlainLinear<Double>) -> TwinPairs {
  var result: TwinPairs = [(name + " weights", layer.weight, plain.weight)]
  if let bias = layer.bias, let plainBias = plain.bias {
    result.append((name + " bias", bias, plainBias))
  }
  return result
}

/// Parameters of a norm.
func twins(_ name: String, _ layer: LayerNorm, _ plain: PlainLayerNorm<Double>) -> TwinPairs {
  [(name + " scale", layer.scale, plain.scale), (name + " offset", layer.offset, plain.offset)]
}

extension StructureModule {
  /// Parameters beside those of the twin.
  func twins(_ plain: PlainStructureModule<Double>) -> TwinPairs {
    var result =
      FoldingModelTests.twins("single norm", singleNorm, plain.singleNorm)
      + FoldingModelTests.twins("initial", initialProjection, plain.initialProjection)
      + FoldingModelTests.twins("pair norm", pairNorm, plain.pairNorm)
      + attention.twins(plain.attention)
      + FoldingModelTests.twins("attention norm", attentionNorm, plain.attentionNorm)
    for (index, (layer, plain)) in zip(transition, plain.transition).enumerated() {
      result += FoldingModelTests.twins("transition \(index)", layer, plain)
    }
    return result
      + FoldingModelTests.twins("transition norm", transitionNorm, plain.transitionNorm)
      + FoldingModelTests.twins("update", backboneUpdate, plain.backboneUpdate)
      + sideChain.twins(plain.sideChain)
  }
}

extension InvariantPointAttention {
  /// Parameters beside those of the twin.
  func twins(_ plain: PlainInvariantPointAttention<Double>) -> TwinPairs {
    FoldingModelTests.twins("q", scalarQuery, plain.scalarQuery)
      + FoldingModelTests.twins("kv", scalarKeyValue, plain.scalarKeyValue)
      + FoldingModelTests.twins("q points", pointQuery, plain.pointQuery)
      + FoldingModelTests.twins("kv points", pointKeyValue, plain.pointKeyValue)
      + FoldingModelTests.twins("pair logits", pairLogits, plain.pairLogits)
      + FoldingModelTests.twins("output", output, plain.output)
      + [("point weights", pointWeights, plain.pointWeights)]
  }
}

extension SideChainTorsions {
  /// Parameters beside those of the twin.
  func twins(_ plain: PlainSideChainTorsions<Double>) -> TwinPairs {
    var result = FoldingModelTests.twins("angles", angles, plain.angles)
    for (index, (layer, plain)) in zip(inputs, plain.inputs).enumerated() {
      result += FoldingModelTests.twins("side chain input \(index)", layer, plain)
    }
    for (index, (block, plain)) in zip(residualBlocks, plain.residualBlocks).enumerated() {
      result += FoldingModelTests.twins("block \(index) first", block.first, plain.first)
      result += FoldingModelTests.twins("block \(index) second", block.second, plain.second)
    }
    return result
  }
}

/// Runs `forward` on a tape and replays it.
///
/// - Parameter forward: returns results with the gradients of a loss with respect to them.
/// - Returns: the context that holds the gradients.
func differentiate(
  _ context: ExecutionContext, _ forward: (ExecutionContext) throws -> [(Tensor, NDArray<Float>)]
) rethrows -> ExecutionContext {
  let tape = Tape()
  let backward = context.accumulating(in: Gradients(pool: context.pool))
  for (result, gradient) in try forward(context.recording(on: tape)) {
    let sum = backward.gradient(of: result)
    for (k, value) in gradient.values.enumerated() { sum.floats[k] += value }
  }
  tape.replay(backward)
  return backward
}

/// Expects the gradient of every tensor to be that of its twin.
///
/// Gradients that vanish, such as that of a bias on all logits of a softmax, may be off by as much as others of size `scale`.
func expectGradients(
  of pairs: TwinPairs, _ context: ExecutionContext, loss: PlainTensor<Double>, tolerance: Double,
  scale: Double = 1,
  sourceLocation: SourceLocation = #_sourceLocation
) {
  let expected = gradient(of: loss, withRespectTo: pairs.map(\.plain))
  for (pair, expected) in zip(pairs, expected) {
    let deviation = Deviation(context.gradient(of: pair.fast).array(), from: expected)
    #expect(
      deviation.relative <= tolerance * max(1, scale / deviation.scale),
      "\(pair.name): \(deviation)",
      sourceLocation: sourceLocation)
  }
}

@Suite("Derivatives of the structure module equal those of its plain twin")
struct StructureBackwardTests {
  typealias Inputs = StructureTwinTests.Inputs

  /// A layer's gradient is two chains of rounded products: 10⁻⁵ of the largest value.
  ///
  /// Logits of masked residues are
  /// rounded to 10⁻², so results of masked residues do not count.
  @Test(
    "gradients of invariant point attention with respect to s, z, translations and parameters equal the twin's to 1e-5",
    arguments: [1, 2, 3, 9, 33], [false, true])
  func pointAttention(residues: Int, hasHoles: Bool) throws {
    for config in residues == 9 ? [.tiny, StructureTwinTests.released] : [FoldingConfig.tiny] {
      let inputs = Inputs(residues, config)
      let (layer, norm) = try inputs.attention(config)
      let mask = randomMask([residues], "residues", holes: hasHoles)
      var frames = BackboneFrames.random(residues)
      let traced = frames.flat12(inputs.context)
      frames.traced = traced
      var weights = randomArray([residues, config.channels.single], "weights")
      for k in weights.values.indices {
        weights.values[k] *= mask.values[k / config.channels.single]
      }
      let context = differentiate(inputs.context) { context in
        let result = layer(
          inputs.single, inputs.pair, pairNorm: norm, frames, mask: mask.values, context)
        return [(result, weights)]
      }
      let twin = PlainInvariantPointAttention<Double>(layer)
      let plainNorm = PlainLayerNorm<Double>(norm)
      let (s, z) = (PlainTensor<Double>(inputs.single), PlainTensor<Double>(inputs.pair))
      let plainFrames = frames.plain()
      let result = twin(
        s, plainNorm(z), plainFrames, mask: PlainTensor(mask, isVariable: false))
      let loss = (result * PlainTensor(weights, isVariable: false)).sum()
      expectGradients(
        of: [("s", inputs.single, s), ("z", inputs.pair, z)] + layer.twins(twin)
          + twins("pair norm", norm, plainNorm), context, loss: loss, tolerance: 1e-5)
      let translations = gradient(of: loss, withRespectTo: [plainFrames.translations])[0]
      let found = context.gradient(of: traced).array().values
      let deviation = Deviation(
        NDArray(
          shape: [residues, 3],
          values: (0..<residues).flatMap { i in (9..<12).map { found[i * 12 + $0] * 10 } }),
        from: translations)
      // A single residue sees itself wherever it is: what is left is rounding.
      #expect(deviation.relative <= 1e-5 || residues == 1, "translations: \(deviation)")
    }
  }

  @Test(
    "gradients of composed frames with respect to updates and old translations equal the twin's to 1e-5",
    arguments: [1, 9])
  func composition(residues: Int) {
    let inputs = Inputs(residues, .tiny)
    let old = {
      var frames = BackboneFrames.random(residues)
      frames.traced = frames.flat12(inputs.context)
      return frames
    }()
    let updates = Tensor(randomArray([residues, 6], "updates"), pool: inputs.context.pool)
    let weights = randomArray([residues, 12], "weights")
    let context = differentiate(inputs.context) { context in
      var frames = old
      frames.compose(updates, context)
      return frames.traced.map { [($0, weights)] } ?? []
    }
    let (plainOld, plainUpdates) = (old.plain(), PlainTensor<Double>(updates))
    let new = plainOld.composed(plainUpdates)
    let loss = (flat(new) * PlainTensor(weights, isVariable: false)).sum()
    let expected = gradient(of: loss, withRespectTo: [plainUpdates, plainOld.translations])
    let found = Deviation(context.gradient(of: updates).array(), from: expected[0])
    #expect(found.relative <= 1e-5, "\(found)")
    let translations = old.traced.map { context.gradient(of: $0).array().values } ?? []
    for i in 0..<residues {
      for axis in 0..<3 {
        #expect(
          abs(translations[i * 12 + 9 + axis] * 10 - Float(expected[1].values[i * 3 + axis])) < 1e-5
        )
      }
    }
  }

  @Test(
    "gradients of the torsion network with respect to both inputs and parameters equal the twin's to 1e-5",
    arguments: [1, 2, 9], [1, 1e-7] as [Float])
  func torsions(residues: Int, size: Float) throws {
    let inputs = Inputs(residues, .tiny)
    let channels = FoldingConfig.tiny.channels.single
    let layer = try SideChainTorsions(
      inputs.scope.inFloat32, single: channels, FoldingConfig.tiny.structure)
    // Vectors shorter than 10⁻⁶ are not stretched to length 1.
    for parameter in [layer.angles.weight, try #require(layer.angles.bias)] {
      for index in 0..<parameter.count { parameter.floats[index] *= size }
    }
    let initial = Tensor(randomArray([residues, channels], "initial"), pool: inputs.context.pool)
    let weights = ["normalized", "unnormalized"].map { randomArray([residues, 7, 2], $0) }
    let context = differentiate(inputs.context) { context in
      let result = layer(inputs.single, initial, context)
      return [(result.sinCos, weights[0]), (result.unnormalized, weights[1])]
    }
    let twin = PlainSideChainTorsions<Double>(layer)
    let (s, plainInitial) = (PlainTensor<Double>(inputs.single), PlainTensor<Double>(initial))
    let result = twin(s, plainInitial)
    let loss =
      (result.sinCos * PlainTensor(weights[0], isVariable: false)).sum()
      + (result.unnormalized * PlainTensor(weights[1], isVariable: false)).sum()
    expectGradients(
      of: [("s", inputs.single, s), ("initial", initial, plainInitial)] + layer.twins(twin),
      context, loss: loss, tolerance: 1e-5)
  }

  /// Errors of frames feed the next iteration: ten times the tolerance of one layer.
  @Test(
    "gradients of all outputs of all iterations with respect to single, pair and parameters equal the twin's to 1e-4",
    arguments: [1, 2, 9, 33], [nil, RandomKey(seed: 7)])
  func structureModule(residues: Int, dropout: RandomKey?) throws {
    for start in FrameStart.allCases { try structureModule(residues, dropout, from: start) }
  }

  private func structureModule(
    _ residues: Int, _ dropout: RandomKey?, from start: FrameStart
  ) throws {
    var config = FoldingConfig.tiny
    config.structure.start = start
    let inputs = Inputs(residues, config)
    let module = try StructureModule(inputs.scope, config)
    let functional = StructureFunctional(
      target: .random(residues: residues), layers: module.config.layers,
      channels: FoldingConfig.tiny.channels.single, startsFromTorsions: start == .torsions)
    let context = try differentiate(inputs.context.droppingOut(by: dropout)) {
      try functional.seeds(module, inputs.single, inputs.pair, $0)
    }
    let twin = PlainStructureModule<Double>(module)
    let (s, z) = (PlainTensor<Double>(inputs.single), PlainTensor<Double>(inputs.pair))
    let masks = (0..<module.config.layers).compactMap { layer in
      let scope = inputs.context.droppingOut(by: dropout).scoped("structure", layer)
      let rate = module.config.dropout
      return scope.dropoutFactors("attention", rate: rate, inputs.single.shape).flatMap { first in
        scope.dropoutFactors("transition", rate: rate, inputs.single.shape).map {
          (attention: PlainTensor<Double>(first), transition: PlainTensor<Double>($0))
        }
      }
    }
    #expect(masks.count == (dropout == nil ? 0 : module.config.layers))
    let layers = twin(
      single: s, pair: z, mask: PlainTensor(repeating: 1, shape: [residues]), dropoutFactors: masks)
    var loss = try functional.loss(layers)
    if let weights = functional.firstTorsions {
      let initial = twin.singleNorm(s)
      let first = twin.sideChain(twin.initialProjection(initial), initial)
      loss =
        loss + (first.sinCos * weights[0].plain).sum()
        + (first.unnormalized * weights[1].plain).sum()
    }
    expectGradients(
      of: [("single", inputs.single, s), ("pair", inputs.pair, z)] + module.twins(twin), context,
      loss: loss, tolerance: 1e-4)
  }

  @Test("threads change no bit of any gradient", arguments: [33, 100])
  func bits(residues: Int) throws {
    func run(_ threads: Int) throws -> [Float] {
      let inputs = Inputs(residues, .tiny, threads: threads, storage: .bfloat16)
      let module = try StructureModule(inputs.scope, .tiny)
      let functional = StructureFunctional(
        target: .random(residues: residues), layers: module.config.layers,
        channels: FoldingConfig.tiny.channels.single)
      let context = try differentiate(inputs.context.droppingOut(by: RandomKey(seed: 3))) {
        try functional.seeds(module, inputs.single, inputs.pair, $0)
      }
      let parameters = module.twins(PlainStructureModule<Double>(module)).map(\.fast)
      return ([inputs.single, inputs.pair] + parameters).flatMap {
        context.gradient(of: $0).array().values
      }
    }
    let one = try run(1)
    #expect(one.allSatisfy { $0.isFinite })
    #expect(try run(3) == one)
  }
}

/// Rotations and translations, Å, as `flat12`. `[N_res, 12]`
func flat(_ frames: PlainFrames<Double>) -> PlainTensor<Double> {
  concatenate(
    [frames.rotations.reshaped([frames.quaternions.shape[0], 9]), frames.translations * 10], axis: 1
  )
}

/// A random linear functional of everything the structure module says.
struct StructureFunctional {
  let target: TargetFeatures
  let activation, groups, atoms: NDArray<Float>
  let backbone, sinCos, unnormalized: [NDArray<Float>]
  /// Weights of the torsions, normalised and not, that the frames start from.
  let firstTorsions: [NDArray<Float>]?

  init(target: TargetFeatures, layers: Int, channels: Int, startsFromTorsions: Bool = false) {
    let count = target.residueCount
    func perLayer(_ name: String, _ shape: [Int]) -> [NDArray<Float>] {
      (0..<layers).map { randomArray([count] + shape, "\(name) \($0)") }
    }
    self.target = target
    activation = randomArray([count, channels], "activation")
    groups = randomArray([count, 8, 12], "groups", scale: 0.1)
    atoms = randomArray([count, 14, 3], "atoms", scale: 0.1)
    backbone = perLayer("backbone", [12])
    firstTorsions =
      startsFromTorsions
      ? ["first", "first unnormalized"].map { randomArray([count, 7, 2], $0) } : nil
    sinCos = perLayer("sinCos", [7, 2])
    unnormalized = perLayer("unnormalized", [7, 2])
  }

  /// The module's outputs with their weights.
  func seeds(
    _ module: StructureModule, _ single: Tensor, _ pair: Tensor, _ context: ExecutionContext
  ) throws -> [(Tensor, NDArray<Float>)] {
    let output = module(single: single, pair: pair, target, context, nil)
    return try [(output.activation, activation)] + seeds(try #require(output.trace))
  }

  /// All outputs but the activation, with their weights.
  func seeds(_ trace: StructureTrace) throws -> [(Tensor, NDArray<Float>)] {
    let (first, last) = (firstTorsions?.prefix(1) ?? [], firstTorsions?.suffix(1) ?? [])
    var seeds = [(try #require(trace.groupFrames), groups), (try #require(trace.atom14), atoms)]
    seeds += zip(trace.backbone, backbone)
    seeds += zip(trace.torsions.map(\.sinCos), first + sinCos)
    seeds += zip(trace.torsions.map(\.unnormalized), last + unnormalized)
    return seeds
  }

  /// The same of the twin; atoms enter by the derivative of their placement, which is checked on its own.
  func loss(
    _ layers: [PlainStructureLayer<Double>], weighsActivation: Bool = true
  ) throws -> PlainTensor<Double> {
    let last = try #require(layers.last)
    var terms = weighsActivation ? [(last.activation, activation.plain)] : []
    for (index, layer) in layers.enumerated() {
      terms.append((flat(layer.frames), backbone[index].plain))
      terms.append((layer.sinCos, sinCos[index].plain))
      terms.append((layer.unnormalized, unnormalized[index].plain))
    }
    let weights = groups.plain.values
    let placed = AtomPlacement.backward(
      aatype: target.aatype, backbone: last.frames.rigidTransforms(scale: 10),
      torsions: last.sinCos.values,
      frameGradients: (0..<target.residueCount * 8).map {
        RigidGradient(flat12: weights, at: $0 * 12)
      }, positionGradients: atoms.plain.values)
    let frames = placed.backbone.flatMap(\.flat12)
    terms.append(
      (flat(last.frames), PlainTensor(shape: backbone[0].shape, values: frames, isVariable: false)))
    terms.append(
      (last.sinCos, PlainTensor(shape: sinCos[0].shape, values: placed.torsions, isVariable: false))
    )
    return terms.dropFirst().reduce((terms[0].0 * terms[0].1).sum()) { $0 + ($1.0 * $1.1).sum() }
  }
}

extension NDArray<Float> {
  fileprivate var plain: PlainTensor<Double> { PlainTensor(self, isVariable: false) }
}
