import CKernels
import Testing

@Suite("Kernels: copies of strided matrices")
struct KernelCopyTests {
  /// How the elements of a matrix of `rows × columns` stand.
  enum Order: CaseIterable {
    case byRows, byColumns, spread

    func strides(_ rows: Int, _ columns: Int) -> (row: Int, column: Int) {
      switch self {
      case .byRows: (columns + 3, 1)
      case .byColumns: (1, rows + 2)
      case .spread: (2 * columns, 2)
      }
    }
  }

  @Test(
    "a copy holds the converted elements in every order, and nothing between them is written",
    arguments: kernelPaths, Order.allCases)
  func copies(path: hf_isa, from: Order) {
    onPath(path) {
      var random = KernelRandom(31)
      for (rows, columns) in [(1, 1), (3, 40), (16, 16), (17, 5), (33, 70), (64, 1)] {
        for to in Order.allCases {
          let (source, target) = (from.strides(rows, columns), to.strides(rows, columns))
          func count(_ strides: (row: Int, column: Int)) -> Int {
            (rows - 1) * strides.row + (columns - 1) * strides.column + 1
          }
          let values = random.values(count(source))
          for (sourceType, type) in [
            (HF_F32, HF_F32), (HF_F32, HF_BF16), (HF_BF16, HF_F32), (HF_BF16, HF_BF16),
          ] {
            let x = KernelBuffer(values, sourceType)
            let y = KernelBuffer(count: count(target), type, filledWith: 7)
            hf_copy_matrix(
              Int64(rows), Int64(columns), x.pointer, x.type, Int64(source.row),
              Int64(source.column), y.pointer, type, Int64(target.row), Int64(target.column))
            var expected = [Float](repeating: 7, count: count(target))
            for i in 0..<rows {
              for j in 0..<columns {
                let value = x[i * source.row + j * source.column]
                expected[i * target.row + j * target.column] =
                  type == HF_BF16 ? roundedToBFloat16(value) : value
              }
            }
            #expect(y.values == expected && y.guardsAreIntact, "\(rows) × \(columns) to \(to)")
          }
        }
      }
    }
  }
}
