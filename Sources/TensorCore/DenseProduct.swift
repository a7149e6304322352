import CKernels
import COpenBLAS
import Foundation
import NumericArrays

// OpenBLAS as backend: fp32, one thread, always called on panels of the same size, so that its choice of
// inner kernels, and with it the bits, cannot depend on how the caller cut rows and columns. A panel has so few
// rows because larger ones mix inner kernels: with 12 rows and more, its Zen kernels sum rows 0–5 and rows 6–11 of
// the same numbers to different bits.

private let panelRows = 8
private let panelColumns = 128

extension ExecutionContext {
  /// Widens a right operand to fp32, columns padded with zeros to whole panels.
  func packDense(_ matrix: Matrix) -> PackedMatrix {
    let (k, n) = (matrix.rows, matrix.columns)
    let width = (n + panelColumns - 1) / panelColumns * panelColumns
    let memory = zeros([max(1, k), width], .float32)
    matrix.widen(rows: 0..<k, into: memory.floats, rowStride: width)
    return PackedMatrix(memory: memory, operand: HF_F32, rows: k, columns: n)
  }

  func multiplyDense(
    _ left: Matrix, _ right: PackedMatrix, into result: Matrix, _ epilogue: Epilogue,
    columnBlock: (width: Int, stride: Int)?
  ) {
    if let problem = MatrixBackend.openblas.problem { programmingError("no OpenBLAS: \(problem)") }
    let k = right.rows
    let width = right.memory.shape[1]
    let a = zeros([panelRows, max(1, k)], .float32)
    let c = empty([panelRows, panelColumns], .float32)
    for rowStart in stride(from: 0, to: left.rows, by: panelRows) {
      let rows = rowStart..<min(rowStart + panelRows, left.rows)
      left.widen(rows: rows, into: a.floats, rowStride: k)
      for columnStart in stride(from: 0, to: right.columns, by: panelColumns) {
        let columns = columnStart..<min(columnStart + panelColumns, right.columns)
        hf_openblas_sgemm(
          Int32(panelRows), Int32(panelColumns), Int32(k), a.floats, Int32(max(1, k)),
          right.memory.floats + columnStart, Int32(width), c.floats, Int32(panelColumns))
        if epilogue.isPlain && columnBlock == nil {
          result.store(c, rows: rows, columns: columns)
          continue
        }
        for row in rows {
          for column in columns {
            let sum = c.floats[(row - rowStart) * panelColumns + column - columnStart]
            let position =
              columnBlock.map { column / $0.width * $0.stride + column % $0.width }
              ?? column * result.columnStride
            result.finish(sum, row: row, column: column, position: position, epilogue)
          }
        }
      }
    }
  }
}

extension Tensor {
  /// One product of whole fp32 matrices by OpenBLAS, as other programs call it: what benchmarks compare with.
  ///
  /// - Shapes: a `[m, k]`, b `[k, n]` → self `[m, n]`
  package func setToOpenBLASProduct(_ a: Tensor, _ b: Tensor) {
    if let problem = MatrixBackend.openblas.problem { programmingError("no OpenBLAS: \(problem)") }
    let (m, k, n) = (shape[0], a.shape[1], shape[1])
    programmingError(
      unless: a.shape == [m, k] && b.shape == [k, n], "[\(m) \(n)] = \(a.shape) · \(b.shape)")
    hf_openblas_sgemm(
      Int32(m), Int32(n), Int32(k), a.floats, Int32(k), b.floats, Int32(n), floats, Int32(n))
  }
}

extension Epilogue {
  /// Whether the product is stored as it is.
  fileprivate var isPlain: Bool {
    scale == 1 && columnBias == nil && rowBias == nil && activation == .none && rowScale == nil
      && columnScale == nil && multiplier == nil && !accumulates
  }
}

extension Matrix {
  /// Copies rows as fp32 into memory whose rows are `rowStride` apart.
  fileprivate func widen(
    rows: Range<Int>, into target: UnsafeMutablePointer<Float>, rowStride width: Int
  ) {
    if rows.isEmpty || columns == 0 { return }
    hf_copy_matrix(
      Int64(rows.count), Int64(columns), base + rows.lowerBound * rowStride * dtype.byteCount,
      dtype.kernel, Int64(rowStride), Int64(columnStride), target, HF_F32, Int64(width), 1)
  }

  /// Stores a panel of fp32 sums, whose first element belongs to the first of the rows and columns.
  fileprivate func store(_ panel: Tensor, rows: Range<Int>, columns: Range<Int>) {
    let first = rows.lowerBound * rowStride + columns.lowerBound * columnStride
    hf_copy_matrix(
      Int64(rows.count), Int64(columns.count), panel.floats, HF_F32, Int64(panelColumns), 1,
      base + first * dtype.byteCount, dtype.kernel, Int64(rowStride), Int64(columnStride))
  }

  fileprivate func value(_ row: Int, _ column: Int) -> Float {
    load(row * rowStride + column * columnStride)
  }

  private func load(_ index: Int) -> Float {
    switch dtype {
    case .float32: base.load(fromByteOffset: index * 4, as: Float.self)
    case .bfloat16:
      Float(bitPattern: UInt32(base.load(fromByteOffset: index * 2, as: UInt16.self)) << 16)
    }
  }

  /// Applies an epilogue to one sum and stores it, as `hf_gemm` documents.
  fileprivate func finish(
    _ sum: Float, row: Int, column: Int, position: Int, _ epilogue: Epilogue
  ) {
    let index = row * rowStride + position
    var value = sum * epilogue.scale
    if let bias = epilogue.columnBias { value += bias.floats[column] }
    if let bias = epilogue.rowBias { value += bias.floats[row] }
    switch epilogue.activation {
    case .none: break
    case .relu: value = max(value, 0)
    case .sigmoid: value = 1 / (1 + exp(-value))
    }
    if let factor = epilogue.rowScale { value *= factor.floats[row] }
    if let factor = epilogue.columnScale { value *= factor.floats[column] }
    if let factor = epilogue.multiplier { value *= factor.value(row, column) }
    if epilogue.accumulates { value += load(index) }
    switch dtype {
    case .float32: base.storeBytes(of: value, toByteOffset: index * 4, as: Float.self)
    case .bfloat16: hf_convert(1, &value, HF_F32, base + index * 2, HF_BF16)
    }
  }
}
