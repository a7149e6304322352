import CHDF5
import NumericArrays

/// A Swift type that datasets can hold.
public protocol HDF5Element: BitwiseCopyable, Sendable {
  /// The stored type.
  static var storedType: HDF5Type { get }
}

extension Float: HDF5Element {
  /// IEEE single precision.
  public static var storedType: HDF5Type { .float32 }
}
extension Double: HDF5Element {
  /// IEEE double precision.
  public static var storedType: HDF5Type { .float64 }
}
extension Int32: HDF5Element {
  /// Signed 32-bit integer.
  public static var storedType: HDF5Type { .int32 }
}
extension Int64: HDF5Element {
  /// Signed 64-bit integer.
  public static var storedType: HDF5Type { .int64 }
}
extension UInt8: HDF5Element {
  /// Unsigned 8-bit integer.
  public static var storedType: HDF5Type { .uint8 }
}
extension UInt16: HDF5Element {
  /// Unsigned 16-bit integer.
  public static var storedType: HDF5Type { .uint16 }
}
extension BFloat16: HDF5Element {
  /// Its bits in an unsigned 16-bit integer, marked by an attribute.
  public static var storedType: HDF5Type { .bfloat16 }
}

/// Element types of datasets.
///
/// `bfloat16` and `bool` are integers with the attribute `element_type`.
public enum HDF5Type: String, Sendable, Hashable {
  case float32, float64, int32, int64, uint8, uint16, bfloat16, bool, string

  /// Name of the attribute that gives the meaning of integers.
  static let markAttribute = "element_type"

  /// Bytes per element in memory; 0 for strings.
  var size: Int {
    switch self {
    case .uint8, .bool: 1
    case .uint16, .bfloat16: 2
    case .float32, .int32: 4
    case .float64, .int64: 8
    case .string: 0
    }
  }

  /// The library's type; valid for numbers, a byte for strings.
  var nativeType: hid_t {
    switch self {
    case .float32: hf_native_float()
    case .float64: hf_native_double()
    case .int32: hf_native_int32()
    case .int64: hf_native_int64()
    case .uint8, .bool, .string: hf_native_uint8()
    case .uint16, .bfloat16: hf_native_uint16()
    }
  }

  /// Whether this type can represent every value of `stored`, so that reading loses nothing.
  func holds(_ stored: HDF5Type) -> Bool {
    switch (self, stored) {
    case _ where self == stored: true
    case (.float64, .float32): true
    case (.int32, .uint8), (.int32, .uint16), (.int64, .uint8), (.int64, .uint16),
      (.int64, .int32), (.uint16, .uint8):
      true
    default: false
    }
  }
}
