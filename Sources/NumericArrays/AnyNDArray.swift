/// An array whose element type is known only at run time, as read from npz, pickle or HDF5.
public enum AnyNDArray: Sendable, Hashable {
  case float32(NDArray<Float>)
  case float64(NDArray<Double>)
  case bfloat16(NDArray<BFloat16>)
  case int32(NDArray<Int32>)
  case int64(NDArray<Int64>)
  case uint8(NDArray<UInt8>)
  case bool(NDArray<Bool>)
  /// Byte or Unicode strings (numpy kinds S, U and object arrays of bytes or str).
  case string(NDArray<String>)

  /// Extent of each axis.
  public var shape: [Int] {
    switch self {
    case .float32(let a): a.shape
    case .float64(let a): a.shape
    case .bfloat16(let a): a.shape
    case .int32(let a): a.shape
    case .int64(let a): a.shape
    case .uint8(let a): a.shape
    case .bool(let a): a.shape
    case .string(let a): a.shape
    }
  }

  /// Name of the element type, as messages print it.
  public var elementName: String {
    switch self {
    case .float32: "float32"
    case .float64: "float64"
    case .bfloat16: "bfloat16"
    case .int32: "int32"
    case .int64: "int64"
    case .uint8: "uint8"
    case .bool: "bool"
    case .string: "string"
    }
  }

  /// The values as `Float`; nil for strings.
  public var floats: NDArray<Float>? {
    switch self {
    case .float32(let a): a
    case .float64(let a): a.map { Float($0) }
    case .bfloat16(let a): a.map { Float($0) }
    case .int32(let a): a.map { Float($0) }
    case .int64(let a): a.map { Float($0) }
    case .uint8(let a): a.map { Float($0) }
    case .bool(let a): a.map { $0 ? 1 : 0 }
    case .string: nil
    }
  }

  /// The values as `Int32`; nil for strings and for values that are no exact 32-bit integers.
  public var integers: NDArray<Int32>? {
    switch self {
    case .int32(let a): a
    case .uint8(let a): a.map { Int32($0) }
    case .bool(let a): a.map { $0 ? 1 : 0 }
    case .int64(let a): exact(a.shape, a.values.map { Int32(exactly: $0) })
    case .float32(let a): exact(a.shape, a.values.map { Int32(exactly: $0) })
    case .float64(let a): exact(a.shape, a.values.map { Int32(exactly: $0) })
    case .bfloat16(let a): exact(a.shape, a.values.map { Int32(exactly: Float($0)) })
    case .string: nil
    }
  }

  /// The first value that is no exact 32-bit integer, as text; nil for strings and where all are.
  public var firstInexact: String? {
    switch self {
    case .int32, .uint8, .bool, .string: nil
    case .int64(let a): a.values.first { Int32(exactly: $0) == nil }.map { "\($0)" }
    case .float32(let a): a.values.first { Int32(exactly: $0) == nil }.map { "\($0)" }
    case .float64(let a): a.values.first { Int32(exactly: $0) == nil }.map { "\($0)" }
    case .bfloat16(let a):
      a.values.lazy.map { Float($0) }.first { Int32(exactly: $0) == nil }.map { "\($0)" }
    }
  }

  private func exact(_ shape: [Int], _ values: [Int32?]) -> NDArray<Int32>? {
    let found = values.compactMap { $0 }
    return found.count == values.count ? NDArray(shape: shape, values: found) : nil
  }
}
