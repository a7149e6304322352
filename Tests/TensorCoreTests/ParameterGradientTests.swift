import NumericArrays
import PlainTensors
import TensorCore
import TestSupport
import Testing

@Suite("Sums over rows")
struct ParameterGradientTests {
  /// What is added up; sums are fp32 in both, and so is their tolerance.
  static let storages: [DType] = [.float32, .bfloat16]

  @Test(
    "xᵀ·y is added for any number of rows",
    arguments: [0, 1, 2, 63, 1023, 1024, 1025, 2100], storages)
  func products(rows: Int, storage: DType) {
    for (inputs, outputs) in [(1, 1), (3, 40), (37, 5), (48, 65)] {
      let context = ExecutionContext.forTest(threads: 3, storage: storage)
      let x = Tensor(randomArray([rows, inputs], "x"), storage, pool: context.pool)
      let y = Tensor(randomArray([rows, outputs], "y"), storage, pool: context.pool)
      let start = randomArray([inputs, outputs], "start")
      let result = Tensor(start, pool: context.pool)
      context.addProduct(transposed: Matrix(x), Matrix(y), into: Matrix(result))
      let (left, right) = (PlainTensor<Double>(x.array()), PlainTensor<Double>(y.array()))
      let expected = PlainTensor<Double>(start) + einsum("ri,ro->io", left, right)
      let deviation = Deviation(result.array(), from: expected)
      #expect(deviation.relative <= tolerance(.float32), "\(deviation)")
    }
  }

  @Test(
    "sums of columns equal the plain sums at row counts around the chunk",
    arguments: [0, 1, 511, 512, 513, 1300], storages)
  func columns(rows: Int, storage: DType) {
    for outputs in [1, 16, 37] {
      let context = ExecutionContext.forTest(threads: 2, storage: storage)
      let y = Tensor(randomArray([rows, outputs], "y"), storage, pool: context.pool)
      let start = randomArray([outputs], "start")
      let result = Tensor(start, pool: context.pool)
      context.addColumnSums(of: Matrix(y), into: result)
      let expected = PlainTensor<Double>(start) + PlainTensor<Double>(y.array()).sum([0])
      let deviation = Deviation(result.array(), from: expected)
      #expect(deviation.relative <= tolerance(.float32), "\(deviation)")
    }
  }

  @Test("threads and the cut of the result change no bit", arguments: storages)
  func threads(storage: DType) {
    func results(threads: Int) -> [[Float]] {
      let context = ExecutionContext.forTest(threads: threads, storage: storage)
      let x = Tensor(randomArray([1500, 40], "x"), storage, pool: context.pool)
      let y = Tensor(randomArray([1500, 70], "y"), .float32, pool: context.pool)
      let product = context.zeros([40, 70], .float32)
      let sums = context.zeros([70], .float32)
      let (dx, dscale, doffset) = (
        context.zeros([1500, 40], .float32), context.zeros([40], .float32),
        context.zeros([40], .float32)
      )
      context.addProduct(transposed: Matrix(x), Matrix(y), into: Matrix(product))
      context.addColumnSums(of: Matrix(y), into: sums)
      context.addLayerNormGradient(
        Matrix(x), Matrix(y).columns(0..<40), scale: dscale, into: Matrix(dx),
        scaleGradient: dscale, offsetGradient: doffset)
      return [product, sums, dx, dscale, doffset].map { $0.array().values }
    }
    let reference = results(threads: 1)
    for threads in [2, 3, 5] { #expect(results(threads: threads) == reference) }
  }
}
