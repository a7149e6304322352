import CKernels
import NumericArrays

/// What happens to a product before it is stored; the parts are applied in the order of the members.
public struct Epilogue {
  /// Factor on the product.
  public var scale: Float = 1
  /// Added to each column. `[columns or more]` float32
  public var columnBias: Tensor?
  /// Added to each row. `[rows or more]` float32
  public var rowBias: Tensor?
  /// Nonlinearity.
  public var activation = Activation.none
  /// Factor on each row. `[rows or more]` float32
  public var rowScale: Tensor?
  /// Factor on each column. `[columns or more]` float32
  public var columnScale: Tensor?
  /// Factor on each element. `[rows, columns]`, with strides of its own
  public var multiplier: Matrix?
  /// Adds to what the result holds instead of replacing it.
  public var accumulates = false

  /// Nonlinearities that a product can end with.
  public enum Activation: Sendable {
    case none, relu, sigmoid
  }

  /// An epilogue that stores the product as it is, with an optional bias per column.
  public init(columnBias: Tensor? = nil) { self.columnBias = columnBias }

  /// A linear layer's epilogue.
  public static func bias(_ bias: Tensor?) -> Epilogue { Epilogue(columnBias: bias) }
}

/// A right operand `[k, n]` in the layout that the backend multiplies fastest.
public struct PackedMatrix: Sendable {
  let memory: Tensor
  let operand: hf_dtype
  /// Rows, the axis that is summed over.
  public let rows: Int
  /// Columns of the product.
  public let columns: Int
}

extension PackedMatrix {
  /// Some columns, from a multiple of the kernels' column unit; native backend only.
  func columns(_ range: Range<Int>) -> PackedMatrix {
    PackedMatrix(
      memory: memory[Self.floats(operand, rows, range.lowerBound)..<memory.count],
      operand: operand, rows: rows, columns: range.count)
  }

  /// Size of a packed operand `[k, n]`, in units of an fp32 number.
  fileprivate static func floats(_ operand: hf_dtype, _ k: Int, _ n: Int) -> Int {
    (hf_gemm_packed_size(operand, Int64(k), Int64(n)) + 3) / 4
  }
}

extension ExecutionContext {
  /// Columns that belong together in a packed operand.
  static var columnUnit: Int { Int(hf_gemm_column_unit()) }

  /// Packs a right operand; done once for a weight, then used for all tiles of an operation.
  public func pack(_ matrix: Matrix) -> PackedMatrix {
    if backend == .openblas { return packDense(matrix) }
    let packed = unpacked(matrix)
    pack(matrix, into: packed)
    return packed
  }

  /// Packs a right operand, all workers sharing its columns.
  public func packShared(_ matrix: Matrix) -> PackedMatrix {
    if backend == .openblas { return packDense(matrix) }
    let packed = unpacked(matrix)
    workers.split(matrix.columns, unit: Self.columnUnit) { range in
      pack(matrix.columns(range), into: packed.columns(range))
    }
    return packed
  }

  private func unpacked(_ matrix: Matrix) -> PackedMatrix {
    let operand = hf_gemm_operand_type(storage.kernel)
    let count = PackedMatrix.floats(operand, matrix.rows, matrix.columns)
    return PackedMatrix(
      memory: empty([count], .float32), operand: operand, rows: matrix.rows, columns: matrix.columns
    )
  }

  private func pack(_ matrix: Matrix, into packed: PackedMatrix) {
    withExtendedLifetime((matrix, packed)) {
      hf_gemm_pack(
        packed.operand, Int64(matrix.rows), Int64(matrix.columns), matrix.base, matrix.dtype.kernel,
        Int64(matrix.rowStride), Int64(matrix.columnStride), packed.memory.base)
    }
  }

  /// `result = epilogue(left · right)` on the calling thread.
  ///
  /// - Parameter columnBlock: when given, column `j` of the result stands at
  ///   `(j / width) * stride + j % width` instead of `j * columnStride`.
  public func multiply(
    _ left: Matrix, _ right: PackedMatrix, into result: Matrix, _ epilogue: Epilogue = Epilogue(),
    columnBlock: (width: Int, stride: Int)? = nil
  ) {
    check(left, right, result, epilogue, columnBlock)
    if left.rows == 0 || right.columns == 0 { return }
    if backend == .openblas {
      return multiplyDense(left, right, into: result, epilogue, columnBlock: columnBlock)
    }
    withExtendedLifetime((left, right, result, epilogue)) {
      var args = arguments(left, right, result, epilogue, columnBlock)
      let bytes = hf_gemm_scratch_size(right.operand, args.m, args.n, args.k)
      withScratch(bytes) { hf_gemm(&args, $0) }
    }
  }

  /// Ends the program unless the operands fit each other: the kernel trusts their sizes.
  private func check(
    _ left: Matrix, _ right: PackedMatrix, _ result: Matrix, _ epilogue: Epilogue,
    _ columnBlock: (width: Int, stride: Int)?
  ) {
    let (rows, columns) = (left.rows, right.columns)
    programmingError(
      unless: left.columns == right.rows && result.rows == rows
        && (columnBlock != nil || result.columns == columns),
      "cannot multiply \(left.description) by [\(right.rows) \(columns)] into \(result.description)"
    )
    if let columnBlock, rows > 0, columns > 0 {
      programmingError(unless: columnBlock.width > 0, "columns in blocks of \(columnBlock.width)")
      let (block, column) = (columns - 1).quotientAndRemainder(dividingBy: columnBlock.width)
      programmingError(
        unless: result.holds(
          (rows - 1) * result.rowStride + block * columnBlock.stride + column),
        "columns in blocks of \(columnBlock) leave the result")
    }
    // Scratch for the largest tile serves smaller ones, too.
    for (name, vector, count) in [
      ("column bias", epilogue.columnBias, columns), ("row bias", epilogue.rowBias, rows),
      ("row scale", epilogue.rowScale, rows), ("column scale", epilogue.columnScale, columns),
    ] {
      programmingError(
        unless: vector.map { $0.count >= count } ?? true,
        "a \(name) of \(vector?.shape ?? []) for a product of [\(rows) \(columns)]")
    }
    if let multiplier = epilogue.multiplier {
      programmingError(
        unless: multiplier.rows == rows && multiplier.columns == columns,
        "a multiplier of \(multiplier.description) for a product of [\(rows) \(columns)]")
    }
  }

  private func arguments(
    _ left: Matrix, _ right: PackedMatrix, _ result: Matrix, _ epilogue: Epilogue,
    _ columnBlock: (width: Int, stride: Int)?
  ) -> hf_gemm_args {
    var args = hf_gemm_args()
    args.m = Int64(left.rows)
    args.n = Int64(right.columns)
    args.k = Int64(left.columns)
    args.a = UnsafeRawPointer(left.base)
    args.a_type = left.dtype.kernel
    args.a_row_stride = Int64(left.rowStride)
    args.a_col_stride = Int64(left.columnStride)
    args.operand_type = right.operand
    args.b_packed = UnsafeRawPointer(right.memory.base)
    args.c = result.base
    args.c_type = result.dtype.kernel
    args.c_row_stride = Int64(result.rowStride)
    args.c_col_stride = Int64(result.columnStride)
    args.c_block = Int64(columnBlock?.width ?? 0)
    args.c_block_stride = Int64(columnBlock?.stride ?? 0)
    args.alpha = epilogue.scale
    args.bias_n = epilogue.columnBias.map { UnsafePointer($0.floats) }
    args.bias_m = epilogue.rowBias.map { UnsafePointer($0.floats) }
    switch epilogue.activation {
    case .none: args.activation = HF_ACT_NONE
    case .relu: args.activation = HF_ACT_RELU
    case .sigmoid: args.activation = HF_ACT_SIGMOID
    }
    args.scale_m = epilogue.rowScale.map { UnsafePointer($0.floats) }
    args.scale_n = epilogue.columnScale.map { UnsafePointer($0.floats) }
    if let multiplier = epilogue.multiplier {
      args.mul = UnsafeRawPointer(multiplier.base)
      args.mul_type = multiplier.dtype.kernel
      args.mul_row_stride = Int64(multiplier.rowStride)
      args.mul_col_stride = Int64(multiplier.columnStride)
    }
    args.accumulate = epilogue.accumulates
    return args
  }
}

extension ExecutionContext {
  /// The type in which left operands are multiplied without conversion.
  public var operandType: DType {
    backend == .openblas ? .float32 : Self.operandType(storage)
  }

  /// The type in which the native kernels of this machine multiply activations of a storage type.
  public static func operandType(_ storage: DType) -> DType {
    DType(hf_gemm_operand_type(storage.kernel))
  }
}
