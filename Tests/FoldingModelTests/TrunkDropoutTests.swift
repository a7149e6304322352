import FoldingCore
import NeuralNet
import NumericArrays
import PlainTensors
import TensorCore
import TestSupport
import Testing

@testable import FoldingModel

/// Where a layer drops, how much, and which axis of its update shares one mask.
struct DropoutSite: Sendable, CustomTestStringConvertible {
  let layer: LayerCase
  let name: String
  let rate: Float
  let sharedAxis: Int

  var testDescription: String { layer.name }

  /// Jumper et al.
  ///
  /// 2021, Suppl. 1.11.6 and Algorithm 6.
  static let all = [
    DropoutSite(
      layer: LayerCase.pairLayers[0], name: "triangle_multiplication_outgoing", rate: 0.25,
      sharedAxis: 0),
    DropoutSite(
      layer: LayerCase.pairLayers[1], name: "triangle_multiplication_incoming", rate: 0.25,
      sharedAxis: 0),
    DropoutSite(
      layer: LayerCase.pairLayers[2], name: "triangle_attention_starting_node", rate: 0.25,
      sharedAxis: 0),
    DropoutSite(
      layer: LayerCase.pairLayers[3], name: "triangle_attention_ending_node", rate: 0.25,
      sharedAxis: 1),
    DropoutSite(
      layer: LayerCase.msaLayers[0], name: "msa_row_attention_with_pair_bias", rate: 0.15,
      sharedAxis: 0),
  ]

  /// The factors of an update `[rows, columns, c]`.
  func factors(_ shape: [Int], _ context: ExecutionContext) -> PlainTensor<Double> {
    let positions = shape[1 - sharedAxis]
    guard let mask = context.dropoutFactors(name, rate: rate, [positions, shape[2]]) else {
      return PlainTensor(repeating: 1, shape: shape)
    }
    let kept = PlainTensor<Double>(mask.array(), isVariable: false)
      .reshaped(sharedAxis == 0 ? [1, positions, shape[2]] : [positions, 1, shape[2]])
    return PlainTensor(repeating: 1, shape: shape) * kept
  }
}

@Suite("Dropout of the trunk")
struct TrunkDropoutTests {
  static let key = RandomKey(seed: 7).child("test")

  @Test(
    "updates and their derivatives are multiplied by masks along the right axis",
    arguments: DropoutSite.all,
    [
      LayerSize(residues: 9, sequences: 3, hasHoles: true),
      LayerSize(residues: 47, sequences: 2, config: TrunkBackwardTests.uneven),
    ])
  func masks(site: DropoutSite, size: LayerSize) throws {
    for storage in [DType.float32, .bfloat16] {
      let context = ExecutionContext.forTest(threads: 2, storage: storage).droppingOut(by: Self.key)
      let both = try site.layer(size, context)
      let (input, updated) = (PlainTensor<Double>(both.inputs[0]), both.twin())
      let expected = input + site.factors(input.shape, context) * (updated - input)
      let deviation = Deviation(try both.fast().array(), from: expected)
      #expect(deviation.relative <= tolerance(storage), "\(storage): \(deviation)")
      let gradients = try LayerGradients(site.layer, size, context) { shape in
        site.factors(shape, context)
      }
      for (name, error, deviation) in gradients.deviations() {
        #expect(
          error <= gradientTolerance(storage),
          "\(storage) \(name): \(deviation)")
      }
    }
  }

  /// Of 10⁵ factors with rate r the mean has a standard deviation of √(r / (1 − r)) / 316; five of them are allowed.
  @Test("masks keep the expectation of an update", arguments: [Float(0.1), 0.15, 0.25])
  func expectation(rate: Float) throws {
    let context = ExecutionContext.forTest().droppingOut(by: Self.key)
    let mask = try #require(context.dropoutFactors("site", rate: rate, [1000, 100])).array().values
    #expect(Set(mask) == [0, 1 / (1 - rate)])
    let mean = mask.reduce(0) { $0 + Double($1) } / 100_000
    let deviation = Double(rate / (1 - rate)).squareRoot() / 316
    #expect(abs(mean - 1) <= 5 * deviation)
  }

  @Test("nothing is dropped without a key")
  func off() { #expect(ExecutionContext.forTest().dropoutFactors("site", rate: 0.5, [4]) == nil) }

  @Test("the released networks drop as AlphaFold2 does")
  func rates() throws {
    for config in FoldingConfig.presets where config.name.hasPrefix("model_") {
      for stack in [config.evoformer, config.extraMSA] {
        #expect(stack.msaDropout == 0.15)
        #expect(stack.pairDropout == 0.25)
      }
      #expect(config.template.map { $0.dropout == 0.25 } ?? true)
    }
  }
}

@Suite("Derivatives of the Evoformer stack")
struct EvoformerStackGradientTests {
  /// Gradients of m, z and all parameters of two blocks with dropout.
  private func gradients(
    _ order: BlockOrder, threads: Int, recomputes: Bool, storage: DType,
    checkpointFormat: BlockFormat? = nil, gain: Float? = nil
  ) throws -> [String: [Float]] {
    var config = FoldingConfig.tiny
    config.blockOrder = order
    let network = try FoldingNetwork.random(config, storage: storage)
    if let gain {
      for (key, tensor) in network.parameters where Self.endsUpdate(key) {
        var values = tensor.array()
        for index in values.values.indices { values.values[index] *= gain }
        tensor.assign(Tensor(values, pool: BufferPool()))
      }
    }
    let size = LayerSize(residues: 13, sequences: 5, hasHoles: true, config: config)
    let tape = Tape(recomputes: recomputes, checkpointFormat: checkpointFormat)
    let context = ExecutionContext.forTest(threads: threads, storage: storage)
      .recording(on: tape).droppingOut(by: RandomKey(seed: 3))
    let inputs = LayerInputs(size, msa: config.channels.msa, context)
    try network.evoformer.update(
      inputs.m, [inputs.z], inputs.masks, context, PassMonitor())
    let gradients = Gradients(pool: context.pool)
    for (name, stream) in [("m", inputs.m), ("z", inputs.z)] {
      gradients[stream].assign(Tensor(randomArray(stream.shape, name), pool: context.pool))
    }
    tape.replay(context.accumulating(in: gradients))
    var result = network.parameters.mapValues { gradients[$0].array().values }
    result["m"] = gradients[inputs.m].array().values
    result["z"] = gradients[inputs.z].array().values
    return result
  }

  @Test(
    "running blocks again changes no bit, nor do threads", arguments: BlockOrder.allCases,
    [DType.float32, .bfloat16])
  func bits(order: BlockOrder, storage: DType) throws {
    let kept = try gradients(order, threads: 1, recomputes: false, storage: storage)
    for (threads, recomputes) in [(1, true), (2, true), (3, false)] {
      let other = try gradients(order, threads: threads, recomputes: recomputes, storage: storage)
      for (name, values) in kept {
        #expect(
          other[name] == values, "\(name), \(threads) threads, recomputes: \(recomputes)")
      }
    }
  }

  @Test("every parameter of the stack gets a derivative", arguments: BlockOrder.allCases)
  func reach(order: BlockOrder) throws {
    let all = try gradients(order, threads: 2, recomputes: true, storage: .float32)
    let stack = all.filter { $0.key.contains("evoformer_iteration") }
    #expect(stack.count > 50)
    for (name, values) in stack {
      let blocks = FoldingConfig.tiny.evoformer.blocks
      for block in 0..<blocks {
        let part = values[values.count / blocks * block..<values.count / blocks * (block + 1)]
        #expect(part.contains { $0 != 0 }, "\(name), block \(block)")
      }
    }
  }

  /// Whether a parameter is a matrix by which an update ends.
  private static func endsUpdate(_ key: String) -> Bool {
    ["output_w", "output_projection//weights", "transition2//weights"].contains {
      key.hasSuffix($0)
    }
  }

  /// Updates are a tenth of the streams: random ones as large as the streams make the gradient of two blocks a chaotic function of their inputs.
  ///
  /// The bounds for a trained network are tested with one (`LowPrecisionTests`).
  @Test(
    "inputs kept in blocks turn the gradient by little, at every thread count alike",
    arguments: BlockOrder.allCases, [(BlockFormat.int8, 0.995), (.fp8, 0.95)])
  func checkpointBlocks(order: BlockOrder, kept: (format: BlockFormat, least: Double)) throws {
    func all(_ gradients: [String: [Float]]) -> [Double] {
      gradients.sorted { $0.key < $1.key }.flatMap { $0.value.map { Double($0) } }
    }
    let exact = all(
      try gradients(order, threads: 1, recomputes: true, storage: .float32, gain: 0.1))
    for storage in [DType.float32, .bfloat16] {
      let found = try gradients(
        order, threads: 1, recomputes: true, storage: storage, checkpointFormat: kept.format,
        gain: 0.1)
      let other = try gradients(
        order, threads: 3, recomputes: true, storage: storage, checkpointFormat: kept.format,
        gain: 0.1)
      #expect(found == other)
      let values = all(found)
      func product(_ a: [Double], _ b: [Double]) -> Double {
        zip(a, b).reduce(0) { $0 + $1.0 * $1.1 }
      }
      let cosine =
        product(exact, values) / (product(exact, exact) * product(values, values)).squareRoot()
      #expect(cosine >= kept.least, "\(storage): \(cosine)")
      #expect(values != exact)
    }
  }
}
