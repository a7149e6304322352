import NumericArrays

/// A strided two-dimensional view on part of a tensor: what the kernels work on.
///
/// A view keeps the memory alive, so slices of rows, of columns and transposes cost nothing.
public struct Matrix {
  let owner: Storage
  let base: UnsafeMutableRawPointer
  let dtype: DType
  /// Number of rows.
  public let rows: Int
  /// Number of columns.
  public let columns: Int
  let rowStride: Int
  let columnStride: Int

  /// A view with explicit strides, in elements, starting at element `offset` of `tensor`.
  public init(
    _ tensor: Tensor, offset: Int = 0, rows: Int, columns: Int, rowStride: Int,
    columnStride: Int = 1
  ) {
    let last = offset + (rows - 1) * rowStride + (columns - 1) * columnStride
    if rows > 0 && columns > 0 && (offset < 0 || last >= tensor.count) {
      programmingError(
        "a view of [\(rows) \(columns)] at \(offset) leaves a tensor of \(tensor.shape)")
    }
    self.owner = tensor.storage
    self.base = tensor.base + offset * tensor.dtype.byteCount
    self.dtype = tensor.dtype
    self.rows = rows
    self.columns = columns
    self.rowStride = rowStride
    self.columnStride = columnStride
  }

  /// All of a tensor, with every axis but the last as rows.
  public init(_ tensor: Tensor) {
    let columns = tensor.channels
    self.init(
      tensor, rows: tensor.shape.dropLast().reduce(1, *), columns: columns, rowStride: columns)
  }

  private init(
    owner: Storage, base: UnsafeMutableRawPointer, dtype: DType, rows: Int, columns: Int,
    rowStride: Int, columnStride: Int
  ) {
    self.owner = owner
    self.base = base
    self.dtype = dtype
    self.rows = rows
    self.columns = columns
    self.rowStride = rowStride
    self.columnStride = columnStride
  }

  /// Whether the element `place` elements after the first one lies in the tensor's memory.
  func holds(_ place: Int) -> Bool {
    let start = base - owner.base
    return start + place * dtype.byteCount >= 0
      && start + (place + 1) * dtype.byteCount <= owner.usedBytes
  }

  /// Size and type, for messages.
  var description: String { "[\(rows) \(columns)] \(dtype)" }

  /// Rows and columns exchanged.
  public var transposed: Matrix {
    Matrix(
      owner: owner, base: base, dtype: dtype, rows: columns, columns: rows, rowStride: columnStride,
      columnStride: rowStride)
  }

  /// Some of the rows.
  public func rows(_ range: Range<Int>) -> Matrix {
    if range.lowerBound < 0 || range.upperBound > rows {
      programmingError("rows \(range) of \(rows)")
    }
    return Matrix(
      owner: owner, base: base + range.lowerBound * rowStride * dtype.byteCount, dtype: dtype,
      rows: range.count, columns: columns, rowStride: rowStride, columnStride: columnStride)
  }

  /// Some of the columns.
  public func columns(_ range: Range<Int>) -> Matrix {
    if range.lowerBound < 0 || range.upperBound > columns {
      programmingError("columns \(range) of \(columns)")
    }
    return Matrix(
      owner: owner, base: base + range.lowerBound * columnStride * dtype.byteCount, dtype: dtype,
      rows: rows, columns: range.count, rowStride: rowStride, columnStride: columnStride)
  }
}
