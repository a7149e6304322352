import FoldingCore
import NeuralNet
import NumericArrays
import PlainTensors
import TensorCore
import TestSupport
import Testing

@testable import FoldingModel

/// What a trunk could have left, and random weights of all that structure module and heads make of it.
struct RandomTrunk {
  let target: TargetFeatures
  let trunk: TrunkOutput
  let functional: StructureFunctional

  init(_ network: FoldingNetwork, residues: Int, clusters: Int, _ context: ExecutionContext) {
    let channels = network.config.channels
    func tensor(_ shape: [Int], _ name: String, _ dtype: DType) -> Tensor {
      Tensor(randomArray(shape, name), dtype, pool: context.pool)
    }
    target = .random(residues: residues)
    trunk = TrunkOutput(
      msa: tensor([clusters, residues, channels.msa], "msa", context.storage),
      pair: tensor([residues, residues, channels.pair], "pair", context.storage),
      single: tensor([residues, channels.single], "single", .float32))
    functional = StructureFunctional(
      target: target, layers: network.structureModule.config.layers, channels: channels.single)
  }

  /// Gradients of the functional with respect to everything the network made.
  func gradients(_ network: FoldingNetwork, _ context: ExecutionContext) throws -> ExecutionContext
  {
    try differentiate(context) { context in
      let output = try network.structureAndConfidence(trunk, target, context, PassMonitor())
      let training = try #require(output.training)
      let heads = training.heads
      let logits = [
        heads.distogram, heads.maskedMSA, heads.experimentallyResolved, training.confidence,
        try #require(heads.alignedError),
      ]
      return try functional.seeds(training.structure)
        + logits.enumerated().map { ($1, Self.weights($0, $1.shape)) }
    }
  }

  static func weights(_ head: Int, _ shape: [Int]) -> NDArray<Float> {
    randomArray(shape, "head \(head)", scale: 0.3)
  }
}

@Suite("Derivatives of structure module and heads together")
struct HeadBackwardTests {
  /// Everything behind the trunk is fp32 whatever its storage; the tolerance is that of the structure module.
  @Test(
    "gradients of all that losses read with respect to MSA, pair, single and parameters equal the twin's to 1e-4",
    arguments: [1, 2, 9, 33], [DType.float32, .bfloat16])
  func heads(residues: Int, storage: DType) throws {
    let network = try FoldingNetwork.random(.tiny, storage: storage)
    let base = ExecutionContext.forTest(threads: 2, storage: storage)
    let random = RandomTrunk(network, residues: residues, clusters: 3, base)
    let context = try random.gradients(network, base)

    let trunk = random.trunk
    let (m, z) = (PlainTensor<Double>(trunk.msa), PlainTensor<Double>(trunk.pair))
    let s = PlainTensor<Double>(trunk.single)
    let plain = PlainFoldingNetwork<Double>(network)
    let alignedError = try #require(network.alignedError)
    let linear = [
      network.maskedMSA.logits, network.experimentallyResolved.logits, alignedError.logits,
    ].map { PlainLinear<Double>($0) }
    let layers = plain.structureModule(
      single: s, pair: z, mask: PlainTensor(repeating: 1, shape: [residues]))
    let activation = try #require(layers.last).activation
    let logits = [
      plain.distogram(z), linear[0](m), linear[1](s), plain.predictedLDDT(activation), linear[2](z),
    ]
    var loss = try random.functional.loss(layers, weighsActivation: false)
    for (index, logits) in logits.enumerated() {
      let weights = PlainTensor<Double>(
        RandomTrunk.weights(index, logits.shape), isVariable: false)
      loss = loss + (logits * weights).sum()
    }
    let (lddt, plainLDDT) = (network.predictedLDDT, plain.predictedLDDT)
    expectGradients(
      of: [("msa", trunk.msa, m), ("pair", trunk.pair, z), ("single", trunk.single, s)]
        + twins("distogram", network.distogram.halfLogits, plain.distogram.halfLogits)
        + twins("masked MSA", network.maskedMSA.logits, linear[0])
        + twins("resolved", network.experimentallyResolved.logits, linear[1])
        + twins("aligned error", alignedError.logits, linear[2])
        + twins("lDDT norm", lddt.norm, plainLDDT.norm)
        + twins("lDDT first", lddt.first, plainLDDT.first)
        + twins("lDDT second", lddt.second, plainLDDT.second)
        + twins("lDDT logits", lddt.logits, plainLDDT.logits)
        + network.structureModule.twins(plain.structureModule),
      context, loss: loss, tolerance: 1e-4)
  }

  /// 100² pairs are two chunks of the sum over rows.
  @Test("threads change no bit of gradients of heads", arguments: [DType.float32, .bfloat16])
  func bits(storage: DType) throws {
    func run(_ threads: Int) throws -> [Float] {
      let network = try FoldingNetwork.random(.tiny, storage: storage)
      let base = ExecutionContext.forTest(threads: threads, storage: storage)
      let random = RandomTrunk(network, residues: 100, clusters: 3, base)
      let context = try random.gradients(network, base)
      let tensors = [
        random.trunk.msa, random.trunk.pair, random.trunk.single,
        network.distogram.halfLogits.weight, network.maskedMSA.logits.weight,
        network.predictedLDDT.first.weight, network.structureModule.backboneUpdate.weight,
      ]
      return tensors.flatMap { context.gradient(of: $0).array().values }
    }
    let one = try run(1)
    #expect(one.allSatisfy { $0.isFinite })
    #expect(try run(3) == one)
  }

  @Test("without a tape a pass makes nothing for losses; an ensemble on a tape is an error")
  func modes() throws {
    let network = try FoldingNetwork.random(.tiny)
    let context = ExecutionContext.forTest()
    let target = TargetFeatures.random(residues: 3)
    let draw = AlignmentDraw.random(clusters: 2, extra: 2, residues: 3)
    let plain = try network.pass(
      target, draws: [draw], network.initialState(target, context), context)
    #expect(plain.training == nil)
    #expect(throws: PassError.ensembleOnTape(draws: 2)) {
      try network.pass(
        target, draws: [draw, draw], network.initialState(target, context),
        context.recording(on: Tape()))
    }
  }
}
