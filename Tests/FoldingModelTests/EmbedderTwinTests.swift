import FoldingCore
import NeuralNet
import NumericArrays
import PlainTensors
import TensorCore
import TestSupport
import Testing

@testable import FoldingModel

@Suite("Embedders and templates equal their plain twins")
struct EmbedderTwinTests {
  static let storages: [DType] = [.float32, .bfloat16]
  static let residueCounts = [1, 2, 3, 8, 9, 33, 65]
  /// With profile: the published width is that of the comparisons with the reference.
  static let config = {
    var config = FoldingConfig.tiny
    config.channels.target = .profile
    return config
  }()
  static let template = FoldingConfig.tiny.template ?? TemplateConfig()

  /// A recycled state of random tensors and atoms.
  static func recycled(
    residues: Int, _ context: ExecutionContext
  ) -> (fast: PreviousPass, plain: PlainPreviousPass<Double>) {
    let positions = randomArray([residues, 37, 3], "positions", scale: 8)
    let first = Tensor(
      randomArray([residues, config.channels.msa], "first row"), pool: context.pool)
    let pair = Tensor(
      randomArray([residues, residues, config.channels.pair], "pair"), context.storage,
      pool: context.pool)
    let plain = PlainPreviousPass<Double>(
      positions: positions, msaFirstRow: PlainTensor(first), pair: PlainTensor(pair))
    return (PreviousPass(positions: positions, msaFirstRow: first, pair: pair), plain)
  }

  @Test(
    "m and z of the input embedder equal the twin's, recycling included",
    arguments: residueCounts, storages)
  func input(residues: Int, storage: DType) throws {
    let context = ExecutionContext.forTest(threads: 2, storage: storage)
    let scope = RandomParameters.scope(storage, context.pool)
    let layer = try InputEmbedder(scope, Self.config.channels)
    let twin = PlainInputEmbedder<Double>(layer, Self.config.channels)
    let target = TargetFeatures.random(residues: residues, kind: .profile)
    let draw = AlignmentDraw.random(clusters: 3, extra: 0, residues: residues)
    let previous = Self.recycled(residues: residues, context)
    let m = context.empty([3, residues, Self.config.channels.msa])
    layer.embedMSA(target, draw, previous.fast, into: m, context)
    let msa = Deviation(m.array(), from: twin.embedMSA(target, draw, previous.plain))
    #expect(msa.relative <= tolerance(storage), "\(msa)")
    let z = layer.embedPair(target, previous.fast, context)
    let pair = Deviation(z.array(), from: twin.embedPair(target, previous.plain))
    #expect(pair.relative <= tolerance(storage), "\(pair)")
  }

  @Test("embedders change no bit with threads")
  func embedderBits() throws {
    func embed(_ threads: Int) throws -> [Float] {
      let context = ExecutionContext.forTest(threads: threads, storage: .bfloat16)
      let layer = try InputEmbedder(
        RandomParameters.scope(.bfloat16, context.pool), Self.config.channels)
      let previous = Self.recycled(residues: 9, context).fast
      let m = context.empty([5, 9, Self.config.channels.msa])
      let target = TargetFeatures.random(residues: 9, kind: .profile)
      layer.embedMSA(
        target, .random(clusters: 5, extra: 0, residues: 9), previous, into: m, context)
      return m.array().values + layer.embedPair(target, previous, context).array().values
    }
    let one = try embed(1)
    #expect(try embed(2) == one)
    #expect(try embed(3) == one)
  }

  /// Six layers in the pair stack, then attention: eight times the tolerance of one layer.
  ///
  /// What pairs of masked residues hold means nothing and is left out.
  @Test(
    "the template update of z equals the twin's for 0, 1 and 2 templates",
    arguments: [1, 3, 9, 33], storages)
  func templates(residues: Int, storage: DType) throws {
    for count in [0, 1, 2] {
      let context = ExecutionContext.forTest(threads: 2, storage: storage)
      let scope = RandomParameters.scope(storage, context.pool)
      let layer = try TemplateEmbedding(scope, Self.config.channels, Self.template)
      let twin = PlainTemplateEmbedding<Double>(layer)
      let templates = TemplateFeatures.random(count: count, residues: residues)
      let mask = randomMask([residues], "residues", holes: residues > 3).values
      let pairMask = PlainTensor<Double>(
        NDArray(shape: [residues, residues], values: mask.flatMap { i in mask.map { i * $0 } }),
        isVariable: false)
      let shape = [residues, residues, Self.config.channels.pair]
      let z = Tensor(randomArray(shape, "z"), storage, pool: context.pool)
      let input = PlainTensor<Double>(z)
      let update = twin(input, templates, pairMask: pairMask)
      layer.update(
        z, templates, pairMask: PositionMask(pairsOf: mask, pool: context.pool), context, nil)
      let visible = pairMask.lastAxisAdded
      let expected = (update.map { input + $0 } ?? input) * visible
      let deviation = Deviation(
        (PlainTensor<Float>(z) * PlainTensor(visible.array())).array(), from: expected)
      #expect(deviation.relative <= 8 * tolerance(storage), "\(count) templates: \(deviation)")
      guard count > 0, let torsions = layer.torsions, let plainTorsions = twin.torsions else {
        continue
      }
      let rows = context.empty([count, residues, Self.config.channels.msa])
      let rowMask = torsions.embed(templates, into: rows, context)
      let expectedRows = plainTorsions(templates)
      let rowDeviation = Deviation(rows.array(), from: expectedRows.rows)
      #expect(rowDeviation.relative <= 4 * tolerance(storage), "\(rowDeviation)")
      #expect(rowMask.values.map { Double($0) } == expectedRows.mask.values)
    }
  }

  @Test(
    "the extra-MSA stack's update of z equals the twin's, also without rows",
    arguments: [0, 1, 2, 9], storages)
  func extraMSA(rows: Int, storage: DType) throws {
    let context = ExecutionContext.forTest(threads: 2, storage: storage)
    let stack = try ExtraMSAStack(RandomParameters.scope(storage, context.pool), Self.config)
    let draw = AlignmentDraw.random(clusters: 1, extra: rows, residues: 7)
    let shape = [7, 7, Self.config.channels.pair]
    let z = Tensor(randomArray(shape, "z"), storage, pool: context.pool)
    let pairMask = PlainTensor<Double>(repeating: 1, shape: [7, 7])
    let expected = PlainExtraMSAStack<Double>(stack)(PlainTensor(z), draw, pairMask: pairMask)
    try stack.update(
      [z], [draw], ProteinPack([7]),
      pairs: [PositionMask(pairsOf: Array(repeating: 1, count: 7), pool: context.pool)], context,
      PassMonitor())
    let deviation = Deviation(z.array(), from: expected)
    #expect(deviation.relative <= 4 * tolerance(storage), "\(deviation)")
  }

  @Test("gradients of embedders and template stack equal 4-point differences")
  func gradients() throws {
    let context = ExecutionContext.forTest()
    let scope = RandomParameters.scope(.float32, context.pool)
    let channels = TrunkGradientTests.small.channels
    let embedder = PlainInputEmbedder<Double>(try InputEmbedder(scope, channels), channels)
    let target = TargetFeatures.random(residues: 3, templates: 2)
    let draw = AlignmentDraw.random(clusters: 2, extra: 2, residues: 3)
    let previous = PlainPreviousPass<Double>(
      positions: randomArray([3, 37, 3], "positions", scale: 8),
      msaFirstRow: .random([3, channels.msa], "first"),
      pair: .random([3, 3, channels.pair], "pair"))
    let msa = worstGradientError(samples: 6) { embedder.embedMSA(target, draw, previous) }
    #expect(msa.error <= 1e-6, "\(msa.place)")
    let pair = worstGradientError(samples: 6) { embedder.embedPair(target, previous) }
    #expect(pair.error <= 1e-6, "\(pair.place)")

    let config = TrunkGradientTests.small.template ?? TemplateConfig()
    let embedding = PlainTemplateEmbedding<Double>(
      try TemplateEmbedding(scope, channels, config))
    let templates = TemplateFeatures.random(count: 2, residues: 3)
    let mask = PlainTensor<Double>(repeating: 1, shape: [3, 3])
    let stack = worstGradientError(samples: 1) {
      embedding(previous.pair, templates, pairMask: mask) ?? previous.pair
    }
    #expect(stack.error <= 1e-6, "\(stack.place)")
    let torsions = worstGradientError(samples: 6) {
      embedding.torsions?(templates).rows ?? previous.pair
    }
    #expect(torsions.error <= 1e-6, "\(torsions.place)")
    let extra = PlainExtraMSAStack<Double>(try ExtraMSAStack(scope, TrunkGradientTests.small))
    let updated = worstGradientError(samples: 1) { extra(previous.pair, draw, pairMask: mask) }
    #expect(updated.error <= 1e-6, "\(updated.place)")
  }
}
