import NeuralNet
import NumericArrays
import TensorCore
import TestSupport
import Testing

@testable import FoldingModel

@Suite("Triangle multiplication with one operand whole")
struct StreamedTriangleTests {
  static let layers = Array(LayerCase.pairLayers.prefix(2))
  static let sizes = [
    LayerSize(residues: 1), LayerSize(residues: 2, hasHoles: true), LayerSize(residues: 33),
    LayerSize(residues: 65, hasHoles: true), LayerSize(residues: 130),
  ]

  @Test("streaming changes no bit, whatever the lines and threads", arguments: layers, sizes)
  func bits(layer: LayerCase, size: LayerSize) throws {
    for storage in [DType.float32, .bfloat16] {
      let whole = try layer.fast(size, .forTest(storage: storage))
      for (threads, lines) in [(1, 1), (2, 7), (3, 64), (2, 1000)] {
        let context = ExecutionContext.forTest(threads: threads, storage: storage)
          .holding(.streamed(lines: lines, nil))
        #expect(try layer.fast(size, context) == whole, "\(storage), \(lines) lines")
      }
    }
  }

  @Test("dropout hides the same of both", arguments: layers, sizes)
  func dropout(layer: LayerCase, size: LayerSize) throws {
    let key = RandomKey(seed: 3)
    let whole = try layer.fast(size, .forTest().droppingOut(by: key))
    if size.residues > 1 { #expect(try whole != layer.fast(size, .forTest())) }
    for (threads, lines) in [(1, 1), (2, 7), (3, 64), (2, 1000)] {
      let context = ExecutionContext.forTest(threads: threads).droppingOut(by: key)
        .holding(.streamed(lines: lines, nil))
      #expect(try layer.fast(size, context) == whole, "\(lines) lines")
    }
  }

  /// An operand of int8 blocks is off by 0.6 %, of fp8 blocks by 3 % (root mean square); 33 and more of them are summed.
  @Test(
    "blocks change the update by their rounding only, and are deterministic", arguments: layers,
    sizes)
  func blocks(layer: LayerCase, size: LayerSize) throws {
    for (format, bound) in [(BlockFormat.int8, 0.01), (.fp8, 0.05)] {
      let whole = try layer.fast(size, .forTest())
      var results: [NDArray<Float>] = []
      for (threads, lines) in [(1, 3), (2, 64)] {
        let context = ExecutionContext.forTest(threads: threads)
          .holding(.streamed(lines: lines, format))
        results.append(try layer.fast(size, context))
      }
      #expect(results[0] == results[1])
      let error = zip(results[0].values, whole.values).reduce(0.0) {
        $0 + Double(($1.0 - $1.1) * ($1.0 - $1.1))
      }
      let norm = whole.values.reduce(0.0) { $0 + Double($1 * $1) }
      #expect((error / norm).squareRoot() <= bound, "\(format): \((error / norm).squareRoot())")
    }
  }

  @Test("blocks are used: they change something")
  func used() throws {
    for format in BlockFormat.allCases {
      let context = ExecutionContext.forTest().holding(.streamed(lines: 16, format))
      let size = Self.sizes[2]
      #expect(try Self.layers[0].fast(size, context) != Self.layers[0].fast(size, .forTest()))
    }
  }

  @Test("what is differentiated holds both operands whole: the same gradients")
  func derivatives() throws {
    let size = LayerSize(residues: 9)
    func gradient(_ operands: PairOperands) throws -> [Float] {
      let tape = Tape()
      let context = ExecutionContext.forTest().holding(operands)
      let both = try Self.layers[0](size, context.recording(on: tape))
      let result = try both.fast()
      let gradients = Gradients(pool: context.pool)
      gradients[result].assign(Tensor(lossWeights(result.shape), pool: context.pool))
      tape.replay(context.accumulating(in: gradients))
      return gradients[both.inputs[0]].array().values
    }
    let whole = try gradient(.whole)
    #expect(Set(whole).count > 100)
    #expect(try gradient(.streamed(lines: 4, .int8)) == whole)
  }
}
