import CKernels
import NumericArrays

/// How values are kept at 8.5 bits each: blocks of 32 with one scale.
///
/// `BlockCodec.h` has the rules.
public enum BlockFormat: String, Sendable, Hashable, CaseIterable {
  /// Integers of 8 bits; most accurate where a block has no outlier.
  case int8
  /// Floats of 8 bits (E4M3), scales powers of two; keeps small values beside large ones.
  case fp8

  /// Elements of a block.
  public static let elements = Int(HF_BLOCK_ELEMENTS)

  /// Bytes that `count` consecutive elements take.
  public static func byteCount(of count: Int) -> Int {
    (count + elements - 1) / elements * Int(HF_BLOCK_BYTES)
  }

  var kernel: hf_block_code { self == .int8 ? HF_INT8_BLOCKS : HF_E4M3_BLOCKS }
}

/// A matrix in blocks of 32 consecutive elements of a row; every row begins a new block.
public struct EncodedMatrix: Sendable {
  /// How elements are kept.
  public let format: BlockFormat
  /// Number of rows.
  public let rows: Int
  /// Number of columns.
  public let columns: Int
  private let memory: Tensor  // bytes, two to an element
  private let rowBytes: Int

  /// A matrix of undefined contents.
  public init(
    uninitialized format: BlockFormat, rows: Int, columns: Int, _ context: ExecutionContext
  ) {
    self.format = format
    self.rows = rows
    self.columns = columns
    rowBytes = BlockFormat.byteCount(of: columns)
    memory = context.empty([rows, rowBytes / 2], .bfloat16)
  }

  /// An array in blocks, a row for each slice of its first axis, from the bytes of a file.
  ///
  /// - Precondition: there are as many bytes as the shape needs.
  public init(_ bytes: NDArray<UInt8>, _ format: BlockFormat, shape: [Int], pool: BufferPool) {
    self.format = format
    rows = shape.first ?? 1
    columns = shape.dropFirst().reduce(1, *)
    rowBytes = BlockFormat.byteCount(of: columns)
    if bytes.count != rows * rowBytes {
      programmingError("\(bytes.count) bytes of blocks for \(shape)")
    }
    memory = Tensor(uninitialized: [rows, rowBytes / 2], .bfloat16, pool: pool)
    bytes.values.withUnsafeBytes { memory.bytes.copyMemory(from: $0) }
  }

  /// One row as a tensor of that many elements, decoded on the calling thread.
  public func row(_ index: Int, shape: [Int], _ dtype: DType, pool: BufferPool) -> Tensor {
    let result = Tensor(uninitialized: shape, dtype, pool: pool)
    if result.count != columns { programmingError("a row of \(columns) elements as \(shape)") }
    hf_block_decode(format.kernel, Int64(columns), block(index, 0), result.base, dtype.kernel)
    return result
  }

  /// Bytes in memory.
  public var byteCount: Int { rows * rowBytes }

  /// Start of the block that holds an element.
  fileprivate func block(_ row: Int, _ column: Int) -> UnsafeMutableRawPointer {
    memory.base + row * rowBytes + BlockFormat.byteCount(of: column)
  }

  /// Whether the rows and columns lie inside, and begin where a block does.
  fileprivate func check(_ rows: Range<Int>, _ columns: Range<Int>) {
    if rows.lowerBound < 0 || rows.upperBound > self.rows || columns.lowerBound < 0
      || columns.upperBound > self.columns || columns.lowerBound % BlockFormat.elements != 0
    {
      programmingError("rows \(rows), columns \(columns) of blocks [\(self.rows) \(self.columns)]")
    }
  }
}

extension ExecutionContext {
  /// Encodes the rows of a view, to be stored from a row and a column on, on the calling thread.
  ///
  /// The column is a multiple of 32. A view that ends inside a block ends its row of blocks: the elements after it are undefined.
  public func encode(
    _ x: Matrix, into result: EncodedMatrix, row: Int = 0, rowStep: Int = 1, column: Int = 0
  ) {
    if x.rows == 0 { return }
    if x.columnStride != 1 { programmingError("blocks are made of whole rows") }
    result.check(row..<row + (x.rows - 1) * rowStep + 1, column..<column + x.columns)
    withExtendedLifetime((x, result)) {
      for index in 0..<x.rows {
        hf_block_encode(
          result.format.kernel, Int64(x.columns), x.base + index * x.rowStride * x.dtype.byteCount,
          x.dtype.kernel, result.block(row + index * rowStep, column))
      }
    }
  }

  /// Decodes some rows and columns, the columns from a multiple of 32, on the calling thread.
  public func decode(
    _ x: EncodedMatrix, rows: Range<Int>, columns: Range<Int>, into result: Matrix
  ) {
    x.check(rows, columns)
    if result.rows != rows.count || result.columns != columns.count || result.columnStride != 1 {
      programmingError("cannot decode [\(rows.count) \(columns.count)] into these rows")
    }
    withExtendedLifetime((x, result)) {
      for (index, row) in rows.enumerated() {
        hf_block_decode(
          x.format.kernel, Int64(columns.count), x.block(row, columns.lowerBound),
          result.base + index * result.rowStride * result.dtype.byteCount, result.dtype.kernel)
      }
    }
  }

  /// A tensor encoded in blocks, one row per slice of its first axis; all workers share the rows.
  public func encodedShared(_ x: Tensor, _ format: BlockFormat) -> EncodedMatrix {
    let source = Self.slices(of: x)
    let result = EncodedMatrix(
      uninitialized: format, rows: source.rows, columns: source.columns, self)
    workers.split(source.rows) { rows in
      encode(source.rows(rows), into: result, row: rows.lowerBound)
    }
    return result
  }

  /// Decodes the result of `encodedShared` into a tensor of the same shape, all workers sharing the rows.
  public func decodeShared(_ x: EncodedMatrix, into result: Tensor) {
    let target = Self.slices(of: result)
    workers.split(x.rows) { rows in
      decode(x, rows: rows, columns: 0..<x.columns, into: target.rows(rows))
    }
  }

  private static func slices(of x: Tensor) -> Matrix {
    let rows = x.shape.first ?? 1
    let columns = x.shape.dropFirst().reduce(1, *)
    return Matrix(x, rows: rows, columns: columns, rowStride: columns)
  }
}
