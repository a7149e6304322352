import NumericArrays
import TestSupport
import Testing

@testable import TensorCore

@Suite("Matrices in blocks")
struct EncodedBlocksTests {
  @Test(
    "a tensor comes back within the format's error, at 8.5 bits an element",
    arguments: BlockFormat.allCases)
  func roundTrip(format: BlockFormat) {
    let context = ExecutionContext.forTest(threads: 3)
    for shape in [[1, 1], [5, 32], [7, 33], [3, 4, 100]] {
      let x = Tensor(randomArray(shape, "x"), pool: context.pool)
      let encoded = context.encodedShared(x, format)
      let y = context.empty(shape)
      context.decodeShared(encoded, into: y)
      let columns = shape.dropFirst().reduce(1, *)
      #expect(encoded.byteCount == shape[0] * ((columns + 31) / 32) * 34)
      // int8: half a step of 1/127 of the block's largest; fp8: 2⁻⁴ of the value, 2⁻³ where the largest saturates.
      let (relative, absolute): (Float, Float) = format == .int8 ? (0, 0.505 / 127) : (0.126, 1e-5)
      let largest = x.array().values.map { abs($0) }.max() ?? 0
      for (a, b) in zip(x.array().values, y.array().values) {
        #expect(abs(a - b) <= relative * abs(a) + absolute * largest, "\(a) became \(b)")
      }
    }
  }

  @Test(
    "parts are encoded and decoded where they stand, rows apart", arguments: BlockFormat.allCases)
  func parts(format: BlockFormat) {
    let context = ExecutionContext.forTest(storage: .bfloat16)
    let (channels, side) = (3, 70)
    let x = Tensor(randomArray([channels, side, side], "x"), .bfloat16, pool: context.pool)
    let whole = context.encodedShared(x.reshaped([channels * side, side]), format)
    let pieces = EncodedMatrix(
      uninitialized: format, rows: channels * side, columns: side, context)
    for row in 0..<side {
      for start in stride(from: 0, to: side, by: 32) {
        let columns = min(32, side - start)
        let part = Matrix(
          x, offset: row * side + start, rows: channels, columns: columns, rowStride: side * side)
        context.encode(part, into: pieces, row: row, rowStep: side, column: start)
      }
    }
    let (a, b) = (context.empty(x.shape), context.empty(x.shape))
    context.decodeShared(whole, into: a.reshaped([channels * side, side]))
    context.decodeShared(pieces, into: b.reshaped([channels * side, side]))
    #expect(a.bfloat16Array() == b.bfloat16Array())
    let part = context.empty([4, 6])
    context.decode(pieces, rows: 71..<75, columns: 64..<70, into: Matrix(part))
    #expect(
      part.array().values
        == (1..<5).flatMap { row in
          (64..<70).map { a.array().values[(side + row) * side + $0] }
        })
  }
}
