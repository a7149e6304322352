import FoldingCore
import NeuralNet
import NumericArrays
import PlainTensors
import TensorCore
import TestSupport
import Testing

@testable import FoldingModel

@Suite("Derivatives of embedders equal those of their plain twins")
struct EmbedderGradientTests {
  static let storages: [DType] = [.float32, .bfloat16]
  static let residueCounts = [1, 2, 9, 33]
  static let config = EmbedderTwinTests.config

  static func pairs(
    _ name: String, _ fast: Linear, _ twin: PlainLinear<Double>
  ) -> [GradientComparison.Pair] {
    [(name + " weights", fast.weight, twin.weight)]
      + zip([fast.bias], [twin.bias]).compactMap { a, b in
        a.flatMap { a in b.map { (name + " bias", a, $0) } }
      }
  }

  static func pairs(
    _ name: String, _ fast: LayerNorm, _ twin: PlainLayerNorm<Double>
  ) -> [GradientComparison.Pair] {
    [(name + " scale", fast.scale, twin.scale), (name + " offset", fast.offset, twin.offset)]
  }

  private func expect(
    _ found: [(name: String, deviation: Deviation)], within tolerance: Double,
    sourceLocation: SourceLocation = #_sourceLocation
  ) {
    for (name, deviation) in found {
      #expect(
        deviation.relative <= tolerance, "\(name): \(deviation)", sourceLocation: sourceLocation)
    }
  }

  @Test(
    "gradients through the first rows of m equal the twin's", arguments: residueCounts, storages)
  func inputMSA(residues: Int, storage: DType) throws {
    for clusters in [1, 3] {
      let context = ExecutionContext.forTest(threads: 2, storage: storage)
      let scope = RandomParameters.scope(storage, context.pool)
      let layer = try InputEmbedder(scope, Self.config.channels)
      let twin = PlainInputEmbedder<Double>(layer, Self.config.channels)
      let target = TargetFeatures.random(residues: residues, kind: .profile)
      let draw = AlignmentDraw.random(clusters: clusters, extra: 0, residues: residues)
      let previous = EmbedderTwinTests.recycled(residues: residues, context)
      let found = GradientComparison(context).deviations(
        Self.pairs("msa", layer.msa, twin.msa) + Self.pairs("target", layer.target, twin.target)
          + Self.pairs("row norm", layer.recycling.firstRowNorm, twin.recycling.firstRowNorm),
        twin: twin.embedMSA(target, draw, previous.plain)
      ) { context in
        // The rows are the first of a larger tensor, as in the trunk.
        let m = context.zeros([clusters + 2, residues, Self.config.channels.msa])
        layer.embedMSA(target, draw, previous.fast, into: m[0..<clusters], context)
        return m[0..<clusters]
      }
      expect(found, within: gradientTolerance(storage))
    }
  }

  @Test(
    "input embedder: z, with relative positions and recycled distances", arguments: residueCounts,
    storages)
  func inputPair(residues: Int, storage: DType) throws {
    let context = ExecutionContext.forTest(threads: 2, storage: storage)
    let scope = RandomParameters.scope(storage, context.pool)
    let layer = try InputEmbedder(scope, Self.config.channels)
    let twin = PlainInputEmbedder<Double>(layer, Self.config.channels)
    let target = TargetFeatures.random(residues: residues, kind: .profile)
    let previous = EmbedderTwinTests.recycled(residues: residues, context)
    let found = GradientComparison(context).deviations(
      Self.pairs("left", layer.left, twin.left) + Self.pairs("right", layer.right, twin.right)
        + Self.pairs("position", layer.relativePosition.linear, twin.relativePosition.linear)
        + Self.pairs("distance", layer.recycling.positionLinear, twin.recycling.positionLinear)
        + Self.pairs("pair norm", layer.recycling.pairNorm, twin.recycling.pairNorm),
      twin: twin.embedPair(target, previous.plain)
    ) { layer.embedPair(target, previous.fast, $0) }
    expect(found, within: gradientTolerance(storage))
  }

  @Test("extra-MSA embedding, also without rows", arguments: [0, 1, 2, 9, 70], storages)
  func extraMSA(rows: Int, storage: DType) throws {
    let context = ExecutionContext.forTest(threads: 2, storage: storage)
    let stack = try ExtraMSAStack(RandomParameters.scope(storage, context.pool), Self.config)
    let twin = PlainLinear<Double>(stack.embedding)
    let draw = AlignmentDraw.random(clusters: 1, extra: rows, residues: 7)
    let found = GradientComparison(context).deviations(
      Self.pairs("embedding", stack.embedding, twin),
      twin: twin(PlainExtraMSAStack<Double>.features(draw))
    ) { stack.embed(draw, $0) }
    expect(found, within: gradientTolerance(storage))
  }

  @Test(
    "gradients of the torsion rows of templates equal the twin's", arguments: [1, 9, 33], storages)
  func torsions(residues: Int, storage: DType) throws {
    let context = ExecutionContext.forTest(threads: 2, storage: storage)
    let layer = try TemplateTorsionEmbedding(
      RandomParameters.scope(storage, context.pool), msa: Self.config.channels.msa)
    let twin = PlainTemplateTorsionEmbedding<Double>(layer)
    let templates = TemplateFeatures.random(count: 2, residues: residues)
    let found = GradientComparison(context).deviations(
      Self.pairs("first", layer.first, twin.first)
        + Self.pairs("second", layer.second, twin.second),
      twin: twin(templates).rows
    ) { context in
      let m = context.zeros([5, residues, Self.config.channels.msa])
      _ = layer.embed(templates, into: m[3..<5], context)
      return m[3..<5]
    }
    expect(found, within: gradientTolerance(storage))
  }

  @Test(
    "pointwise attention, with a template that is not seen", arguments: [1, 3, 9, 33], storages)
  func pointwiseAttention(residues: Int, storage: DType) throws {
    let context = ExecutionContext.forTest(threads: 2, storage: storage)
    let config = try #require(Self.config.template)
    let layer = try TemplatePointwiseAttention(
      RandomParameters.scope(storage, context.pool), pair: Self.config.channels.pair, config)
    let twin = PlainTemplatePointwiseAttention<Double>(layer)
    let shape = [residues, residues]
    let z = Tensor(
      randomArray(shape + [Self.config.channels.pair], "z"), storage, pool: context.pool)
    let all = Tensor(randomArray([3] + shape + [config.channels], "t"), storage, pool: context.pool)
    let (plainZ, plainT) = (PlainTensor<Double>(z), PlainTensor<Double>(all))
    let mask = PlainTensor<Double>(shape: [3], values: [1, 0, 1], isVariable: false)
    let pairs: [GradientComparison.Pair] = [
      ("query", layer.query, twin.query), ("key", layer.key, twin.key),
      ("value", layer.value, twin.value), ("output", layer.output, twin.output),
      ("output bias", layer.outputBias, twin.outputBias), ("z", z, plainZ),
      ("templates", all, plainT),
    ]
    let found = GradientComparison(context).deviations(
      pairs, twin: plainZ + twin(plainZ, plainT, mask: mask)
    ) { context in
      layer.update(z, (0..<3).map { all[$0] }, mask: [1, 0, 1], context)
      return z
    }
    expect(found, within: gradientTolerance(storage))
  }

  /// Rounding errors of seven layers, there and back, add.
  ///
  /// In bfloat16 only where a derivative sums over enough pairs for them to cancel.
  @Test(
    "template embedding: all templates, from features to z",
    arguments: [(1, .float32), (3, .float32), (9, .float32), (9, .bfloat16), (17, .bfloat16)]
      as [(Int, DType)])
  func templates(residues: Int, storage: DType) throws {
    let context = ExecutionContext.forTest(threads: 2, storage: storage)
    let scope = RandomParameters.scope(storage, context.pool)
    let layer = try TemplateEmbedding(
      scope, Self.config.channels, try #require(Self.config.template))
    let twin = PlainTemplateEmbedding<Double>(layer)
    let templates = TemplateFeatures.random(count: 2, residues: residues)
    let z = Tensor(
      randomArray([residues, residues, Self.config.channels.pair], "z"), storage, pool: context.pool
    )
    let plainZ = PlainTensor<Double>(z)
    let mask = PlainTensor<Double>(repeating: 1, shape: [residues, residues])
    var pairs: [GradientComparison.Pair] =
      [("z", z, plainZ)]
      + Self.pairs("features", layer.pairStack.embedding, twin.pairStack.embedding)
      + Self.pairs("output norm", layer.pairStack.outputNorm, twin.pairStack.outputNorm)
    for (block, plain) in zip(layer.pairStack.blocks, twin.pairStack.blocks) {
      let (fast, slow) = (block.multiplicationIncoming, plain.multiplicationIncoming)
      pairs += Self.pairs("multiplication", fast.leftProjection, slow.leftProjection)
    }
    let update = try #require(twin(plainZ, templates, pairMask: mask))
    let found = GradientComparison(context).deviations(pairs, twin: plainZ + update) { context in
      let visible = PositionMask(
        pairsOf: Array(repeating: 1, count: residues), pool: context.pool)
      layer.update(z, templates, pairMask: visible, context, nil)
      return z
    }
    expect(found, within: 6 * gradientTolerance(storage))
  }

  /// All gradients of one step of embedders and templates as one list of numbers.
  private static func everything(threads: Int, recomputes: Bool = true) throws -> [Float] {
    let context = ExecutionContext.forTest(threads: threads, storage: .bfloat16)
    let scope = RandomParameters.scope(.bfloat16, context.pool)
    let embedder = try InputEmbedder(scope, config.channels)
    let stack = try ExtraMSAStack(scope, config)
    let attention = try TemplatePointwiseAttention(
      scope, pair: config.channels.pair, try #require(config.template))
    let target = TargetFeatures.random(residues: 9, kind: .profile, templates: 2)
    let draw = AlignmentDraw.random(clusters: 3, extra: 4, residues: 9)
    let previous = EmbedderTwinTests.recycled(residues: 9, context).fast
    let t = Tensor(
      randomArray([9, 9, config.template?.channels ?? 0], "t"), .bfloat16, pool: context.pool)
    var result: [Float] = []
    let msa = [embedder.msa.weight, embedder.target.weight, embedder.recycling.firstRowNorm.scale]
    result += GradientComparison(context, recomputes: recomputes).gradients(of: msa) { context in
      let m = context.empty([3, 9, config.channels.msa])
      embedder.embedMSA(target, draw, previous, into: m, context)
      return m
    }.flatMap(\.values)
    result += GradientComparison(context, recomputes: recomputes).gradients(
      of: [stack.embedding.weight]
    ) { stack.embed(draw, $0) }.flatMap(\.values)
    let pair = [
      embedder.left.weight, embedder.relativePosition.linear.weight,
      embedder.recycling.positionLinear.weight, embedder.recycling.pairNorm.scale,
      attention.query, attention.key, attention.output, t,
    ]
    result += GradientComparison(context, recomputes: recomputes).gradients(of: pair) { context in
      let z = embedder.embedPair(target, previous, context)
      attention.update(z, [t, t], mask: [1, 1], context)
      return z
    }.flatMap(\.values)
    return result
  }

  @Test("threads change no bit of a gradient")
  func bits() throws {
    let one = try Self.everything(threads: 1)
    #expect(one.contains { $0 != 0 })
    #expect(try Self.everything(threads: 2) == one)
    #expect(try Self.everything(threads: 3) == one)
  }

  @Test(
    "rows are added to the rows of a table, those without a target nowhere", arguments: [1, 3, 40])
  func scatter(channels: Int) {
    let context = ExecutionContext.forTest(threads: 3)
    let source = Tensor(randomArray([11, channels], "rows"), pool: context.pool)
    let table = Tensor(randomArray([4, channels], "table"), pool: context.pool)
    let before = table.array().values
    context.addRows(of: source, into: table) { $0 % 5 == 4 ? nil : $0 % 5 }
    for target in 0..<4 {
      for c in 0..<channels {
        let rows = stride(from: target, to: 11, by: 5).map {
          Double(source.floats[$0 * channels + c])
        }
        let sum = Float(rows.reduce(0, +))
        #expect(table.floats[target * channels + c] == before[target * channels + c] + sum)
      }
    }
  }
}
