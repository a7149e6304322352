import NumericArrays
import TensorCore
import TestSupport
import Testing

@testable import NeuralNet

@Suite("Masks of positions")
struct PositionMaskTests {
  @Test(
    "the rows that see a pair are counted as one by one",
    arguments: [false, true],
    [(0..<1, 0..<1), (2..<5, 0..<37), (0..<37, 7..<8), (36..<37, 3..<36), (8..<16, 5..<5)])
  func pairCounts(hasHoles: Bool, pairs: (i: Range<Int>, j: Range<Int>)) {
    let (rows, positions) = (9, 37)
    let values = (0..<rows * positions).map { Float(hasHoles && $0 % 5 == $0 % 3 ? 0 : 1) }
    let pool = BufferPool()
    let mask = PositionMask(NDArray(shape: [rows, positions], values: values), pool: pool)
    #expect(mask.isFull == !hasHoles)
    for (used, width) in [(rows, pairs.j.count), (4, pairs.j.count + 3), (0, pairs.j.count)] {
      let result = Tensor(
        NDArray(repeating: -1, shape: [pairs.i.count, width]), pool: pool)
      mask.countPairs(pairs.i, pairs.j, rows: used, into: result)
      let expected = pairs.i.flatMap { i in
        (0..<width).map { column -> Float in
          guard column < pairs.j.count else { return -1 }
          let j = pairs.j.lowerBound + column
          return (0..<used).reduce(0) {
            $0 + values[$1 * positions + i] * values[$1 * positions + j]
          }
        }
      }
      #expect(result.array().values == expected)
    }
  }
}
