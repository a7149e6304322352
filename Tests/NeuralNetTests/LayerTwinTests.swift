import NumericArrays
import PlainTensors
import TensorCore
import TestSupport
import Testing

@testable import NeuralNet

/// Sizes of an attention: rows of a batch, positions, heads and channels per head.
struct AttentionSize: Sendable, CustomTestStringConvertible {
  let rows, positions, channels, heads, headChannels: Int
  var isMasked = false
  var isBiased = false

  var testDescription: String {
    "\(rows)×\(positions)×\(channels), \(heads)×\(headChannels) heads"
      + (isMasked ? ", masked" : "") + (isBiased ? ", biased" : "")
  }
}

@Suite("Layers equal their plain twins")
struct LayerTwinTests {
  static let rowCounts = [0, 1, 2, 3, 7, 8, 9, 31, 33, 65, 127, 128, 129]
  static let storages: [DType] = [.float32, .bfloat16]

  @Test(
    "linear layers equal the twin at every row count, with and without bias",
    arguments: rowCounts, storages)
  func linear(rows: Int, storage: DType) throws {
    let context = ExecutionContext.forTest(threads: 2, storage: storage, tileRows: 7)
    let scope = RandomParameters.scope(storage, context.pool)
    for (inputs, outputs, hasBias) in [(8, 16, true), (17, 5, true), (49, 37, false)] {
      let layer = try Linear(scope, inputs, outputs, hasBias: hasBias)
      let x = Tensor(randomArray([rows, inputs], "x"), storage, pool: context.pool)
      let expected = PlainLinear<Double>(layer)(PlainTensor(x))
      let deviation = Deviation(layer(x, as: .float32, context).array(), from: expected)
      #expect(deviation.relative <= tolerance(storage), "\(deviation)")
    }
  }

  @Test(
    "layer norm equals its twin at widths around the vector width",
    arguments: [1, 2, 5, 16, 31, 64, 129], storages)
  func norm(channels: Int, storage: DType) throws {
    let context = ExecutionContext.forTest(threads: 3, storage: storage)
    let layer = try LayerNorm(RandomParameters.scope(storage, context.pool), channels)
    let x = Tensor(randomArray([9, channels], "x", mean: 3), storage, pool: context.pool)
    let expected = PlainLayerNorm<Double>(layer)(PlainTensor(x))
    let deviation = Deviation(layer(x, context).array(), from: expected)
    #expect(deviation.relative <= tolerance(storage), "\(deviation)")
  }

  @Test(
    "a transition adds what its twin adds, at row counts around tile and vector",
    arguments: rowCounts, storages)
  func transition(rows: Int, storage: DType) throws {
    let context = ExecutionContext.forTest(threads: 2, storage: storage, tileRows: 64)
    let layer = try Transition(
      RandomParameters.scope(storage, context.pool), channels: 16, factor: 4)
    let x = Tensor(randomArray([rows, 16], "x"), storage, pool: context.pool)
    let input = PlainTensor<Double>(x)
    let expected = input + PlainTransition(layer)(input)
    layer.update(x, context)
    let deviation = Deviation(x.array(), from: expected)
    #expect(deviation.relative <= tolerance(storage), "\(deviation)")
  }

  static let attentions: [AttentionSize] =
    [1, 2, 3, 7, 8, 9, 31, 33, 65, 127, 129].map {
      AttentionSize(
        rows: 2, positions: $0, channels: 16, heads: 2, headChannels: 8, isMasked: true,
        isBiased: true)
    } + [
      AttentionSize(rows: 3, positions: 5, channels: 24, heads: 3, headChannels: 5),
      AttentionSize(rows: 0, positions: 5, channels: 16, heads: 2, headChannels: 8),
      AttentionSize(
        rows: 5, positions: 9, channels: 16, heads: 1, headChannels: 16, isMasked: true),
      AttentionSize(
        rows: 3, positions: 4, channels: 256, heads: 8, headChannels: 32, isBiased: true),
      AttentionSize(
        rows: 4, positions: 4, channels: 64, heads: 4, headChannels: 16, isMasked: true),
    ]

  @Test(
    "gated attention equals its twin within rows and within columns",
    arguments: attentions, storages)
  func attention(size: AttentionSize, storage: DType) throws {
    for isColumnwise in [false, true] {
      let context = ExecutionContext.forTest(threads: 2, storage: storage)
      let scope = RandomParameters.scope(storage, context.pool)
      let (rows, positions, c) = (size.rows, size.positions, size.channels)
      let layer = try GatedAttention(
        scope, inputs: c, heads: size.heads, headChannels: size.headChannels)
      let norm = try LayerNorm(scope.scope("norm"), c)
      let shape = isColumnwise ? [positions, rows, c] : [rows, positions, c]
      let x = Tensor(randomArray(shape, "x"), storage, pool: context.pool)
      let mask = randomMask([rows, positions], "mask", holes: size.isMasked)
      let bias =
        size.isBiased
        ? Tensor(randomArray([size.heads, positions, positions], "b"), storage, pool: context.pool)
        : nil
      let input = PlainTensor<Double>(x)
      let batch = isColumnwise ? input.permuted([1, 0, 2]) : input
      let update = PlainGatedAttention<Double>(layer)(
        PlainLayerNorm(norm)(batch), bias: bias.map { PlainTensor($0) },
        mask: PlainTensor(mask, isVariable: false))
      let expected = input + (isColumnwise ? update.permuted([1, 0, 2]) : update)
      layer.update(
        x, along: isColumnwise ? .columns(of: x) : .rows(of: x), norm: norm, bias: bias,
        mask: PositionMask(mask, pool: context.pool), context)
      let deviation = Deviation(x.array(), from: expected)
      #expect(deviation.relative <= tolerance(storage), "\(deviation)")
    }
  }

  @Test("the gradient of attention equals 4-point differences", arguments: [false, true])
  func attentionGradient(isMasked: Bool) throws {
    let scope = RandomParameters.scope(.float32, BufferPool())
    let twin = PlainGatedAttention<Double>(
      try GatedAttention(scope, inputs: 5, heads: 2, headChannels: 3))
    let x = PlainTensor<Double>.random([2, 4, 5], "x")
    let bias = PlainTensor<Double>.random([2, 4, 4], "b")
    var mask = randomMask([2, 4], "mask", holes: isMasked)
    if isMasked { for j in 4..<8 { mask.values[j] = 0 } }  // nothing is visible in the second row
    let constant = PlainTensor<Double>(mask, isVariable: false)
    let (error, place) = worstGradientError { twin(x, bias: bias, mask: constant) }
    #expect(error <= 1e-6, "\(place)")
  }

  @Test("the gradient of a transition equals 4-point differences")
  func transitionGradient() throws {
    let scope = RandomParameters.scope(.float32, BufferPool())
    let twin = PlainTransition<Double>(try Transition(scope, channels: 5, factor: 2))
    let x = PlainTensor<Double>.random([3, 5], "x")
    let (error, place) = worstGradientError { twin(x) }
    #expect(error <= 1e-6, "\(place)")
  }

  @Test("a row in which nothing is visible averages all values")
  func nothingVisible() throws {
    let context = ExecutionContext.forTest()
    let (keys, c) = (5, 8)
    let value = randomArray([keys, c], "v")
    func matrix(_ array: NDArray<Float>) -> Matrix { Matrix(Tensor(array, pool: context.pool)) }
    var operands = AttentionOperands(
      query: matrix(randomArray([3, c], "q")), key: matrix(randomArray([keys, c], "k")),
      value: matrix(value), gate: nil, heads: 1)
    operands.keyMask = context.zeros([keys], .float32)
    let result = context.empty([3, c])
    context.attend(operands, into: Matrix(result))
    let mean = PlainTensor<Double>(value).mean([0], keeping: true).broadcast(to: [3, c])
    #expect(Deviation(result.array(), from: mean).relative < 1e-6)
  }
}
