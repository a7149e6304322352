import NumericArrays
import PlainTensors
import TestSupport
import Testing

@testable import TensorCore

@Suite("Matrix views and products")
struct MatrixProductTests {
  private let pool = BufferPool()
  private func tensor(_ shape: [Int], _ name: String, _ dtype: DType = .float32) -> Tensor {
    Tensor(randomArray(shape, name), dtype, pool: pool)
  }
  private func values(_ matrix: Matrix) -> [Float] {
    ExecutionContext.forTest().contiguous(matrix, as: .float32).array().values
  }

  @Test("views of rows, columns and transposes hold the elements they name")
  func views() {
    let tensor = Tensor(
      NDArray(shape: [2, 2, 3], values: (0..<12).map { Float($0) }), pool: pool)
    let matrix = Matrix(tensor)
    #expect(matrix.rows == 4 && matrix.columns == 3)
    #expect(values(matrix.rows(1..<3)) == [3, 4, 5, 6, 7, 8])
    #expect(values(matrix.columns(1..<3).rows(0..<2)) == [1, 2, 4, 5])
    #expect(values(matrix.transposed.rows(2..<3)) == [2, 5, 8, 11])
    #expect(
      values(Matrix(tensor, offset: 3, rows: 2, columns: 3, rowStride: 6)) == [3, 4, 5, 9, 10, 11])
    #expect(values(Matrix(tensor[1])) == [6, 7, 8, 9, 10, 11])
    #expect(values(matrix.rows(2..<2)).isEmpty && values(matrix.columns(3..<3)).isEmpty)
  }

  @Test("a matrix without columns keeps its rows, and its product is zero")
  func noColumns() {
    let context = ExecutionContext.forTest()
    let left = Matrix(context.empty([5, 0]))
    #expect(left.rows == 5 && left.columns == 0)
    let result = tensor([5, 3], "c")
    context.multiply(left, context.pack(Matrix(context.empty([0, 3]))), into: Matrix(result))
    #expect(result.array().values == Array(repeating: 0, count: 15))
  }

  @Test("a view keeps the memory of its tensor")
  func ownership() {
    var matrix: Matrix? = Matrix(tensor([50, 50], "x"))
    #expect(pool.statistics.live >= 10_000)
    #expect(matrix.map { values($0) } == randomArray([50, 50], "x").values)
    matrix = nil
    #expect(pool.statistics.live == 0)
  }

  /// Allowed of a product, relative to its largest value.
  ///
  /// Roundings of 2⁻²⁴ at random signs grow like the root of their number: √128 · 2⁻²⁴ = 7·10⁻⁷ in the longest sum here, and the eight
  /// steps of an epilogue add less. Three times that.
  static let allowed = 2e-6

  static let sizes = [
    (1, 1, 1), (2, 3, 5), (7, 8, 9), (33, 31, 17), (64, 128, 65), (5, 0, 3), (65, 2, 129),
  ]

  @Test(
    "both backends multiply views of every layout", arguments: testBackends,
    [DType.float32, .bfloat16])
  func products(backend: MatrixBackend, storage: DType) {
    for (m, k, n) in Self.sizes {
      let context = ExecutionContext.forTest(storage: storage, backend: backend)
      let (a, b) = (tensor([k, m], "a", storage), tensor([n, k], "b", storage))
      let result = context.empty([m, n], .float32)
      context.multiply(
        Matrix(a, rows: k, columns: m, rowStride: m).transposed,
        context.pack(Matrix(b, rows: n, columns: k, rowStride: k).transposed), into: Matrix(result))
      let expected = einsum("km,nk->mn", PlainTensor<Double>(a.array()), PlainTensor(b.array()))
      let deviation = Deviation(result.array(), from: expected)
      #expect(deviation.relative <= Self.allowed, "\((m, k, n)): \(deviation)")
    }
  }

  @Test("OpenBLAS stores whole panels to the same bits as sums one by one")
  func panels() {
    for storage in [DType.float32, .bfloat16] {
      let context = ExecutionContext.forTest(storage: storage, backend: .openblas)
      for (m, k, n) in Self.sizes {
        let left = Matrix(tensor([m, k], "a", storage))
        let right = context.pack(Matrix(tensor([n, k], "b", storage)).transposed)
        // A bias of 0 changes no sum, but goes through the epilogue.
        let results = [Epilogue(), .bias(context.zeros([n], .float32))].map { epilogue in
          [tensor([m, n], "c", storage), tensor([n, m], "c", storage)].enumerated().map {
            index, result in
            let view = index == 0 ? Matrix(result) : Matrix(result).transposed
            context.multiply(left, right, into: view, epilogue)
            return result.array().values
          }
        }
        #expect(results[0] == results[1], "\((m, k, n)) \(storage)")
      }
    }
  }

  @Test("one call of OpenBLAS multiplies whole matrices")
  func wholeProduct() {
    let (a, b, c) = (tensor([7, 5], "a"), tensor([5, 9], "b"), tensor([7, 9], "c"))
    c.setToOpenBLASProduct(a, b)
    let context = ExecutionContext.forTest(backend: .openblas)
    let expected = context.empty([7, 9])
    context.multiply(Matrix(a), context.pack(Matrix(b)), into: Matrix(expected))
    let differences = zip(c.array().values, expected.array().values).map { abs($0 - $1) }
    #expect((differences.max() ?? 1) < 1e-5)
  }

  @Test(
    "the parts of an epilogue are applied in order, by both backends",
    arguments: testBackends)
  func epilogue(backend: MatrixBackend) {
    let (m, k, n) = (9, 5, 35)
    let context = ExecutionContext.forTest(backend: backend)
    for activation in [Epilogue.Activation.none, .relu, .sigmoid] {
      var epilogue = Epilogue()
      epilogue.scale = 0.5
      epilogue.columnBias = tensor([n], "column bias")
      epilogue.rowBias = tensor([m], "row bias")
      epilogue.activation = activation
      epilogue.rowScale = tensor([m], "row scale")
      epilogue.columnScale = tensor([n], "column scale")
      epilogue.multiplier = Matrix(tensor([m, n], "multiplier"))
      epilogue.accumulates = true
      let (a, b, c) = (tensor([m, k], "a"), tensor([k, n], "b"), tensor([m, n], "c"))
      func plain(_ name: String, _ shape: [Int]) -> PlainTensor<Double> { .random(shape, name) }
      var v = einsum("mk,kn->mn", plain("a", [m, k]), plain("b", [k, n])) * 0.5
      v = v + plain("column bias", [n]) + plain("row bias", [m]).lastAxisAdded
      switch activation {
      case .none: break
      case .relu: v = relu(v)
      case .sigmoid: v = sigmoid(v)
      }
      v = v * plain("row scale", [m]).lastAxisAdded * plain("column scale", [n])
      v = v * plain("multiplier", [m, n]) + plain("c", [m, n])
      context.multiply(Matrix(a), context.pack(Matrix(b)), into: Matrix(c), epilogue)
      let deviation = Deviation(c.array(), from: v)
      #expect(deviation.relative <= Self.allowed, "\(activation): \(deviation)")
    }
  }

  @Test("a NaN passes through a ReLU, whoever multiplies", arguments: testBackends)
  func rectifiedNaN(backend: MatrixBackend) {
    let context = ExecutionContext.forTest(backend: backend)
    let (a, b, c) = (tensor([2, 3], "a"), tensor([3, 20], "b"), tensor([2, 20], "c"))
    a.floats[4] = .nan
    var epilogue = Epilogue()
    epilogue.activation = .relu
    context.multiply(Matrix(a), context.pack(Matrix(b)), into: Matrix(c), epilogue)
    let values = c.array().values
    #expect(values[..<20].allSatisfy { $0 >= 0 } && values[20...].allSatisfy(\.isNaN))
  }

  @Test(
    "column blocks of any width land at their stride", arguments: [1, 3, 8, 16, 32],
    testBackends)
  func columnBlocks(width: Int, backend: MatrixBackend) {
    let context = ExecutionContext.forTest(backend: backend)
    let (m, k, blocks) = (3, 5, 4)
    let (a, b) = (tensor([m, k], "a"), tensor([k, blocks * width], "b"))
    let result = context.zeros([blocks, m, width])
    context.multiply(
      Matrix(a), context.pack(Matrix(b)),
      into: Matrix(result, rows: m, columns: width, rowStride: width),
      columnBlock: (width, m * width))
    let expected = einsum(
      "mk,kjw->jmw", PlainTensor<Double>(a.array()),
      PlainTensor<Double>(b.array()).reshaped([k, blocks, width]))
    let deviation = Deviation(result.array(), from: expected)
    #expect(deviation.relative <= Self.allowed, "\(deviation)")
  }

  @Test("cutting rows and columns into calls changes no bit", arguments: testBackends)
  func partitions(backend: MatrixBackend) {
    let context = ExecutionContext.forTest(backend: backend)
    let (m, k, n) = (70, 40, 130)
    let (a, b) = (tensor([m, k], "a"), tensor([k, n], "b"))
    let packed = context.pack(Matrix(b))
    let whole = context.empty([m, n])
    context.multiply(Matrix(a), packed, into: Matrix(whole))
    for cut in [1, 7, 64, 69] {
      let parts = context.empty([m, n])
      for rows in [0..<cut, cut..<m] {
        context.multiply(Matrix(a).rows(rows), packed, into: Matrix(parts).rows(rows))
      }
      #expect(parts.array().values == whole.array().values, "\(cut) rows first")
    }
    for cut in [1, 31, 64, 128] {
      let parts = context.empty([m, n])
      for columns in [0..<cut, cut..<n] {
        context.multiply(
          Matrix(a), context.pack(Matrix(b).columns(columns)), into: Matrix(parts).columns(columns))
      }
      #expect(parts.array().values == whole.array().values, "\(cut) columns first")
    }
  }

  @Test("infinities and NaN are found wherever they are", arguments: [DType.float32, .bfloat16])
  func finiteness(dtype: DType) {
    let context = ExecutionContext.forTest(threads: 3)
    for bad in [Float.infinity, -.infinity, .nan] {
      for place in [0, 33, 99] {
        var array = randomArray([100], "x")
        #expect(context.isFinite(Tensor(array, dtype, pool: pool)))
        array.values[place] = bad
        #expect(!context.isFinite(Tensor(array, dtype, pool: pool)))
      }
    }
    #expect(context.isFinite(Tensor(NDArray<Float>(shape: [0], values: []), dtype, pool: pool)))
  }

  @Test(
    "adding and copying convert storage and change no bit with threads",
    arguments: [1, 4095, 4097, 12_289])
  func rowOperations(count: Int) {
    let array = randomArray([count], "x")
    func run(_ threads: Int) -> [Float] {
      let context = ExecutionContext.forTest(threads: threads)
      let sum = context.copyShared(Tensor(array, pool: context.pool), as: .bfloat16)
      context.addShared(Tensor(array, pool: context.pool), into: sum)
      return sum.array().values
    }
    let expected = array.values.map { Float(BFloat16(Float(BFloat16($0)) + $0)) }
    #expect(run(1) == expected)
    #expect(run(3) == expected)
  }
}
