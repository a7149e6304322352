import FoldingCore
import NeuralNet
import NumericArrays
import PlainTensors
import TensorCore
import TestSupport
import Testing

@testable import FoldingModel

extension BackboneFrames {
  /// Random rotations, origins about 10 Å apart.
  static func random(_ count: Int) -> BackboneFrames {
    var stream = RandomStream("frames")
    var frames = BackboneFrames(identities: count)
    for i in 0..<count {
      let q = SIMD4(stream.normal(), stream.normal(), stream.normal(), stream.normal())
      frames.quaternions[i] = q / (q * q).sum().squareRoot()
      frames.translations[i] = Vector3(stream.normal(), stream.normal(), stream.normal())
    }
    return frames
  }

  /// The frames moved by a rotation, given as a quaternion of unit length, and a translation in units of 10 Å.
  func moved(_ p: SIMD4<Float>, _ translation: Vector3<Float>) -> BackboneFrames {
    var result = self
    let rotation = Matrix3(unitQuaternion: p.x, p.y, p.z, p.w)
    for i in quaternions.indices {
      let q = quaternions[i]
      result.quaternions[i] = SIMD4(
        p.x * q.x - p.y * q.y - p.z * q.z - p.w * q.w,
        p.x * q.y + p.y * q.x + p.z * q.w - p.w * q.z,
        p.x * q.z - p.y * q.w + p.z * q.x + p.w * q.y,
        p.x * q.w + p.y * q.z - p.z * q.y + p.w * q.x)
      result.translations[i] = rotation * translations[i] + translation
    }
    return result
  }

  /// The same frames as leaves of a twin.
  func plain() -> PlainFrames<Double> {
    PlainFrames(
      quaternions: PlainTensor(
        shape: [quaternions.count, 4],
        values: quaternions.flatMap { [Double($0.x), Double($0.y), Double($0.z), Double($0.w)] }),
      translations: PlainTensor(
        shape: [quaternions.count, 3],
        values: translations.flatMap { [Double($0.x), Double($0.y), Double($0.z)] }))
  }
}

@Suite("Structure module and heads equal their plain twins")
struct StructureTwinTests {
  static let residueCounts = [1, 2, 3, 7, 8, 9, 31, 33, 65]
  static let config = FoldingConfig.tiny

  struct Inputs {
    let context: ExecutionContext
    let scope: ParameterScope
    let single, pair: Tensor

    init(_ residues: Int, _ config: FoldingConfig, threads: Int = 2, storage: DType = .float32) {
      context = .forTest(threads: threads, storage: storage)
      scope = RandomParameters.scope(storage, context.pool)
      single = Tensor(randomArray([residues, config.channels.single], "s"), pool: context.pool)
      pair = Tensor(
        randomArray([residues, residues, config.channels.pair], "z"), storage, pool: context.pool)
    }

    func attention(_ config: FoldingConfig) throws -> (InvariantPointAttention, LayerNorm) {
      (
        try InvariantPointAttention(
          scope.inFloat32, single: config.channels.single, pair: config.channels.pair,
          config.structure),
        try LayerNorm(scope.scope("pair_layer_norm"), config.channels.pair)
      )
    }
  }

  static let released: FoldingConfig = {
    var config = FoldingConfig()
    config.name = "released widths"
    return config
  }()

  @Test("invariant point attention equals its twin at every length", arguments: residueCounts)
  func pointAttention(residues: Int) throws {
    for config in residues == 3 ? [Self.config, Self.released] : [Self.config] {
      let inputs = Inputs(residues, config)
      let (layer, norm) = try inputs.attention(config)
      let frames = BackboneFrames.random(residues)
      let mask = [Float](repeating: 1, count: residues)
      let result = layer(
        inputs.single, inputs.pair, pairNorm: norm, frames, mask: mask, inputs.context)
      let expected = PlainInvariantPointAttention<Double>(layer)(
        PlainTensor(inputs.single), PlainLayerNorm(norm)(PlainTensor(inputs.pair)), frames.plain(),
        mask: PlainTensor(repeating: 1, shape: [residues]))
      let deviation = Deviation(result.array(), from: expected)
      #expect(deviation.relative <= tolerance(.float32), "\(deviation)")
    }
  }

  @Test("composing frames normalises quaternions and moves origins", arguments: [1, 2, 9])
  func composition(residues: Int) {
    let updates = randomArray([residues, 6], "updates")
    var frames = BackboneFrames.random(residues)
    let expected = frames.plain().composed(PlainTensor(updates))
    frames.compose(Tensor(updates, pool: BufferPool()), .forTest())
    for (i, q) in frames.quaternions.enumerated() {
      for axis in 0..<4 {
        #expect(abs(Double(q[axis]) - expected.quaternions.values[i * 4 + axis]) < 1e-6)
      }
      let t = frames.translations[i]
      for (axis, x) in [t.x, t.y, t.z].enumerated() {
        #expect(abs(Double(x) - expected.translations.values[i * 3 + axis]) < 1e-5)
      }
    }
  }

  @Test("plain rotations are those of the quaternions")
  func rotations() {
    let frames = BackboneFrames.random(5)
    let plain = frames.plain().rotations
    let expected = (0..<5).flatMap {
      RigidTransform(rotation: frames.rotation($0), translation: .zero).flat12.prefix(9)
    }
    #expect(Deviation(NDArray(shape: [5, 3, 3], values: expected), from: plain).relative < 1e-6)
  }

  /// Errors of frames feed the next iteration's distances, so that they grow with each of the two: four times a layer's tolerance.
  @Test(
    "activations and atoms of the last iteration equal the twin's to 2e-5",
    arguments: residueCounts)
  func structureModule(residues: Int) throws {
    let inputs = Inputs(residues, Self.config)
    let module = try StructureModule(inputs.scope, Self.config)
    let target = TargetFeatures.random(residues: residues)
    let output = module(
      single: inputs.single, pair: inputs.pair, target, inputs.context, nil)
    let layers = PlainStructureModule<Double>(module)(
      single: PlainTensor(inputs.single), pair: PlainTensor(inputs.pair),
      mask: PlainTensor(repeating: 1, shape: [residues]))
    let last = try #require(layers.last)
    let activation = Deviation(output.activation.array(), from: last.activation)
    #expect(activation.relative <= 4 * tolerance(.float32), "\(activation)")
    let atoms = AtomPlacement.atom37Positions(
      aatype: target.aatype, atom14: last.atom14(aatype: target.aatype))
    let positions = Deviation(
      output.positions,
      from: PlainTensor<Double>(shape: [residues, 37, 3], values: atoms))
    #expect(positions.relative <= 4 * tolerance(.float32), "\(positions)")
  }

  /// Logits are fp32 whatever the storage.
  @Test(
    "pLDDT and distogram logits and contact probabilities equal the twins' to 5e-6",
    arguments: [1, 2, 9, 33], [DType.float32, .bfloat16])
  func heads(residues: Int, storage: DType) throws {
    let inputs = Inputs(residues, Self.config, storage: storage)
    let (channels, config) = (Self.config.channels, Self.config.heads)
    let lddt = try PredictedLDDTHead(inputs.scope, single: channels.single, config)
    let lddtDeviation = Deviation(
      lddt(inputs.single, inputs.context).array(),
      from: PlainPredictedLDDTHead<Double>(lddt)(PlainTensor(inputs.single)))
    #expect(lddtDeviation.relative <= tolerance(.float32), "\(lddtDeviation)")
    let distogram = try DistogramHead(inputs.scope, pair: channels.pair, config)
    let logits = PlainDistogramHead<Double>(distogram)(PlainTensor(inputs.pair))
    let distogramDeviation = Deviation(
      distogram(inputs.pair, inputs.context).array(), from: logits)
    #expect(distogramDeviation.relative <= tolerance(.float32), "\(distogramDeviation)")
    let contacts = softmax(logits).slice(0..<config.distogramBreaks.countWithin(8), axis: -1)
    let contactDeviation = Deviation(
      distogram.contactProbability(inputs.pair, inputs.context), from: contacts.sum([2]))
    #expect(contactDeviation.relative <= tolerance(.float32), "\(contactDeviation)")
  }

  @Test("threads change no bit of structure and heads")
  func bits() throws {
    func run(_ threads: Int) throws -> [Float] {
      let inputs = Inputs(33, Self.config, threads: threads, storage: .bfloat16)
      let module = try StructureModule(inputs.scope, Self.config)
      let target = TargetFeatures.random(residues: 33)
      let output = module(single: inputs.single, pair: inputs.pair, target, inputs.context, nil)
      let error = try PredictedAlignedErrorHead(
        inputs.scope, pair: Self.config.channels.pair, AlignedErrorConfig())
      let summary = error.summarize(inputs.pair, inputs.context)
      return output.activation.array().values + output.positions.values + summary.error.values
        + [summary.ptm]
    }
    let one = try run(1)
    #expect(try run(2) == one)
    #expect(try run(3) == one)
  }
}

@Suite("Derivatives of the structure module's plain twins")
struct StructureGradientTests {
  static let small: FoldingConfig = {
    var config = TrunkGradientTests.small
    config.channels.single = 5
    config.structure.scalarQueryKey = 2
    config.structure.scalarValue = 3
    config.structure.pointQueryKey = 2
    config.structure.pointValue = 2
    config.structure.sidechainChannels = 4
    config.heads.confidenceChannels = 4
    return config
  }()

  /// The logits of a masked residue are all near −10⁵ and thus rounded to 10⁻¹¹, which the difference quotient divides by
  /// its step of 10⁻⁴.
  @Test(
    "derivatives of invariant point attention equal 4-point differences to 1e-6, with a masked residue to 1e-4",
    arguments: [false, true])
  func pointAttention(hasHoles: Bool) throws {
    let scope = RandomParameters.scope(.float32, BufferPool())
    let twin = PlainInvariantPointAttention<Double>(
      try InvariantPointAttention(scope, single: 5, pair: 4, Self.small.structure))
    let (s, z) = (
      PlainTensor<Double>.random([3, 5], "s"), PlainTensor<Double>.random([3, 3, 4], "z")
    )
    let frames = BackboneFrames.random(3).plain()
    let mask = PlainTensor<Double>(
      shape: [3], values: [1, hasHoles ? 0 : 1, 1], isVariable: false)
    let (error, place) = worstGradientError(samples: 6) { twin(s, z, frames, mask: mask) }
    #expect(error <= (hasHoles ? 1e-4 : 1e-6), "\(place)")
  }

  @Test("derivatives of composed frames, applied and inverted, equal 4-point differences to 1e-6")
  func frames() {
    let frames = BackboneFrames.random(3).plain()
    let updates = PlainTensor<Double>.random([3, 6], "updates")
    let points = PlainTensor<Double>.random([3, 4, 3], "points")
    let forward = worstGradientError { frames.composed(updates).apply(to: points) }
    #expect(forward.error <= 1e-6, "\(forward.place)")
    let inverse = worstGradientError { frames.composed(updates).applyInverse(to: points) }
    #expect(inverse.error <= 1e-6, "\(inverse.place)")
  }

  @Test(
    "derivatives of two iterations and of the pLDDT and distogram heads equal 4-point differences to 1e-6"
  )
  func structureModule() throws {
    let scope = RandomParameters.scope(.float32, BufferPool())
    let twin = PlainStructureModule<Double>(try StructureModule(scope, Self.small))
    let (s, z) = (
      PlainTensor<Double>.random([2, 5], "s"), PlainTensor<Double>.random([2, 2, 4], "z")
    )
    let mask = PlainTensor<Double>(repeating: 1, shape: [2])
    let last = worstGradientError(samples: 2) {
      let layer = twin(single: s, pair: z, mask: mask, stopsRotations: false)[1]
      return concatenate(
        [
          layer.activation, layer.frames.quaternions, layer.frames.translations,
          layer.sinCos.reshaped([2, 14]), layer.unnormalized.reshaped([2, 14]),
        ], axis: 1)
    }
    #expect(last.error <= 1e-6, "\(last.place)")
    let lddt = PlainPredictedLDDTHead<Double>(
      try PredictedLDDTHead(scope, single: 5, Self.small.heads))
    let confidence = worstGradientError(samples: 6) { lddt(s) }
    #expect(confidence.error <= 1e-6, "\(confidence.place)")
    let distogram = PlainDistogramHead<Double>(
      try DistogramHead(scope, pair: 4, Self.small.heads))
    let distances = worstGradientError(samples: 6) { distogram(z) }
    #expect(distances.error <= 1e-6, "\(distances.place)")
  }
}
