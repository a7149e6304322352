import PlainTensors
import Testing

@Suite("Values of plain operations")
struct OperationValueTests {
  private let x = PlainTensor<Double>(shape: [2, 3], values: [1, 2, 3, 4, 5, 6])

  @Test("einsum multiplies, traces, sums and exchanges axes as written")
  func einsumValues() {
    #expect(einsum("ik,jk->ij", x, x).values == [14, 32, 32, 77])
    #expect(einsum("ij->ji", x).values == [1, 4, 2, 5, 3, 6])
    #expect(einsum("ij->", x).values == [21])
    #expect(einsum("ii->", einsum("ik,jk->ij", x, x)).values == [91])
    #expect(
      einsum("si,sj->ij", x.slice(0..<0, axis: 0), x.slice(0..<0, axis: 0)).values
        == Array(repeating: 0, count: 9))
  }

  @Test("shapes broadcast from the last axis")
  func broadcasting() {
    let row = PlainTensor<Double>(shape: [3], values: [10, 20, 30])
    let column = PlainTensor<Double>(shape: [2, 1], values: [100, 200])
    #expect((x + row).values == [11, 22, 33, 14, 25, 36])
    #expect((column - x).values == [99, 98, 97, 196, 195, 194])
    #expect((column * row).shape == [2, 3])
  }

  @Test("softmax rows sum to one, survive large numbers, and a row of −∞ is zero")
  func softmaxValues() {
    let logits = PlainTensor<Double>(
      shape: [3, 2], values: [1000, 1000, 0, -2000, -.infinity, -.infinity])
    #expect(softmax(logits).values == [0.5, 0.5, 1, 0, 0, 0])
  }

  @Test("layer norm of two numbers is ∓1 but for epsilon")
  func layerNormValues() {
    let y = layerNorm(
      PlainTensor<Double>(shape: [2], values: [1, 3]),
      scale: PlainTensor(repeating: 1, shape: [2]), offset: PlainTensor(repeating: 0, shape: [2]))
    #expect(y.values.map { abs($0) } == Array(repeating: 1 / (1 + 1e-5).squareRoot(), count: 2))
  }

  @Test("parts of a tensor join to the tensor")
  func joining() {
    #expect(
      concatenate([x.slice(0..<1, axis: 1), x.slice(1..<3, axis: 1)], axis: 1).values == x.values)
    #expect(x.permuted([1, 0]).permuted([1, 0]).values == x.values)
    #expect(x.rows([1, 0]).values == [4, 5, 6, 1, 2, 3])
    #expect(x[1].values == [4, 5, 6])
    #expect(
      PlainTensor<Double>.oneHot([2, -1, 0], classes: 3).values == [0, 0, 1, 0, 0, 0, 1, 0, 0])
  }

  @Test("Float and Double agree to single precision")
  func precisions() {
    let single = PlainTensor<Float>(x.array())
    let pairs = zip(softmax(single).values, softmax(x).values)
    #expect(pairs.allSatisfy { abs(Double($0) - $1) < 1e-7 })
  }
}
