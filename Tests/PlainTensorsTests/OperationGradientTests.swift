import PlainTensors
import TestSupport
import Testing

/// One operation, made ready for a check of its derivatives.
struct Operation: CustomTestStringConvertible, Sendable {
  let name: String
  let make: @Sendable () -> () -> PlainTensor<Double>

  var testDescription: String { name }

  init(_ name: String, _ make: @escaping @Sendable () -> () -> PlainTensor<Double>) {
    self.name = name
    self.make = make
  }

  /// An operation on one tensor.
  static func unary(
    _ name: String, _ shape: [Int] = [3, 5], mean: Float = 0,
    _ body: @escaping @Sendable (PlainTensor<Double>) -> PlainTensor<Double>
  ) -> Operation {
    Operation(name) {
      let x = PlainTensor<Double>.random(shape, name, mean: mean, scale: mean == 0 ? 1 : 0.2)
      return { body(x) }
    }
  }

  /// An operation on two tensors; the second stays away from zero.
  static func binary(
    _ name: String, _ left: [Int], _ right: [Int],
    _ body: @escaping @Sendable (PlainTensor<Double>, PlainTensor<Double>) -> PlainTensor<Double>
  ) -> Operation {
    Operation("\(name) \(left) \(right)") {
      let x = PlainTensor<Double>.random(left, name + "x")
      let y = PlainTensor<Double>.random(right, name + "y", mean: 2, scale: 0.3)
      return { body(x, y) }
    }
  }

  static func einsum(_ pattern: String, _ left: [Int], _ right: [Int]) -> Operation {
    binary(pattern, left, right) { PlainTensors.einsum(pattern, $0, $1) }
  }
}

@Suite("Derivatives of plain operations")
struct OperationGradientTests {
  static let shapes: [([Int], [Int])] = [
    ([3, 5], [3, 5]), ([3, 5], [5]), ([3, 1], [1, 5]), ([], [3, 5]), ([2, 3, 1], [3, 7]),
    ([0, 5], [5]), ([1], [0]),
  ]

  static let binary: [Operation] = shapes.flatMap { left, right in
    [
      Operation.binary("a + b", left, right) { $0 + $1 },
      Operation.binary("a - b", left, right) { $0 - $1 },
      Operation.binary("a * b", left, right) { $0 * $1 },
      Operation.binary("a / b", left, right) { $0 / $1 },
    ]
  }

  static let numbers: [Operation] = [
    .unary("x + 2") { $0 + 2 }, .unary("x - 2") { $0 - 2 }, .unary("x * 2") { $0 * 2 },
    .unary("x / 2") { $0 / 2 }, .unary("2 - x") { 2 - $0 }, .unary("2 * x") { 2 * $0 },
    .unary("2 / x", mean: 2) { 2 / $0 }, .unary("x * x") { $0 * $0 },
  ]

  static let functions: [Operation] = [
    .unary("sqrt", mean: 2) { sqrt($0) }, .unary("sigmoid") { sigmoid($0) },
    .unary("relu") { relu($0) }, .unary("softplus") { softplus($0) },
    .unary("maximum") { maximum($0, 0.3) }, .unary("sigmoid of nothing", [0, 3]) { sigmoid($0) },
  ]

  static let reductions: [Operation] = [
    .unary("sum") { $0.sum() }, .unary("sum over axis 0") { $0.sum([0]) },
    .unary("sum over axes 0 and 2", [2, 3, 5]) { $0.sum([0, 2]) },
    .unary("sum kept", [2, 3, 5]) { $0.sum([1], keeping: true) },
    .unary("mean over the last axis") { $0.mean([-1]) },
    .unary("mean kept", [2, 3, 5]) { $0.mean([0, 1], keeping: true) },
    .unary("sum over an empty axis", [0, 3]) { $0.sum([0]) },
    .unary("softmax", [3, 7]) { softmax($0) }, .unary("softmax of one", [3, 1]) { softmax($0) },
    .unary("softmax of nothing", [3, 0]) { softmax($0) },
    Operation("layer norm") {
      let x = PlainTensor<Double>.random([2, 3, 7], "x")
      let scale = PlainTensor<Double>.random([7], "scale", mean: 1)
      let offset = PlainTensor<Double>.random([7], "offset")
      return { layerNorm(x, scale: scale, offset: offset) }
    },
  ]

  static let layout: [Operation] = [
    .unary("reshape") { $0.reshaped([5, 3]) }, .unary("last axis added") { $0.lastAxisAdded },
    .unary("broadcast", [3, 1]) { $0.broadcast(to: [2, 3, 5]) },
    .unary("permute", [2, 3, 5]) { $0.permuted([2, 0, 1]) },
    .unary("slice of axis 0", [5, 3]) { $0.slice(1..<4, axis: 0) },
    .unary("slice of the last axis", [2, 5]) { $0.slice(2..<5, axis: -1) },
    .unary("empty slice", [2, 5]) { $0.slice(2..<2, axis: 1) },
    .unary("rows, some twice, some never", [5, 3]) { $0.rows([4, 0, 4, 2]) },
    .unary("one row", [5, 3, 2]) { $0[3] },
    .binary("concatenate rows", [2, 3], [1, 3]) { concatenate([$0, $1, $0], axis: 0) },
    .binary("concatenate channels", [2, 3, 1], [2, 3, 4]) { concatenate([$0, $1], axis: -1) },
    .binary("concatenate nothing", [0, 3], [2, 3]) { concatenate([$0, $1], axis: 0) },
  ]

  static let sums: [Operation] = [
    .einsum("ik,kj->ij", [3, 5], [5, 2]), .einsum("sic,sjd->ijcd", [3, 2, 3], [3, 4, 2]),
    .einsum("i,i->", [7], [7]), .einsum("i,j->ij", [3], [5]), .einsum("ij,->ji", [3, 5], []),
    .einsum("iij,j->i", [3, 3, 2], [2]), .einsum("ij,jk->i", [3, 5], [5, 2]),
    .einsum("si,sj->ij", [0, 3], [0, 3]), .einsum("i,j->ij", [0], [3]),
    .unary("transpose by einsum") { einsum("ij->ji", $0) },
    .unary("sum by einsum") { einsum("ij->j", $0) },
    .unary("diagonal", [4, 4]) { einsum("ii->i", $0) },
  ]

  @Test(
    "every derivative equals 4-point differences",
    arguments: binary + numbers + functions + reductions + layout + sums)
  func derivatives(operation: Operation) {
    let (error, place) = worstGradientError(samples: 40, of: operation.make())
    #expect(error <= 1e-6, "\(place)")
  }

  @Test("a tensor that is used twice gets the sum of both gradients")
  func sharedInput() {
    let x = PlainTensor<Double>(shape: [2], values: [3, 5])
    let y = x * x + x
    #expect(gradient(of: y.sum(), withRespectTo: [x])[0].values == [7, 11])
  }

  @Test("constants and unrelated tensors get zeros")
  func unrelated() {
    let x = PlainTensor<Double>(shape: [2], values: [3, 5])
    let unrelated = PlainTensor<Double>(shape: [3], values: [1, 2, 3])
    let loss = (x * x.withoutGradient()).sum()
    let gradients = gradient(of: loss, withRespectTo: [x, unrelated])
    #expect(gradients[0].values == [3, 5])
    #expect(gradients[1].values == [0, 0, 0])
  }

  @Test("a chain of five hundred operations has the gradient of their sum")
  func longChain() {
    let x = PlainTensor<Double>(shape: [1], values: [1])
    var y = x
    for _ in 0..<500 { y = y + x }
    #expect(gradient(of: y.sum(), withRespectTo: [x])[0].values == [501])
  }
}
