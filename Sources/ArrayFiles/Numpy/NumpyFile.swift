import AtomicFiles
import NumericArrays

/// Single arrays in numpy's `.npy` format.
///
/// Reads versions 1–3, both orders and both byte orders. `f2` widens to float32, `i1 i2 u2` to int32, `u4 u8` to
/// int64; `V2` is bfloat16, as numpy stores it. Writes version 1, row-major, little-endian.
public enum NumpyFile {
  /// Reads the file at `path`.
  public static func read(path: String) throws -> NumericArray {
    var source = MemorySource(try FileBytes(path: path), part: "array")
    return try read(from: &source)
  }

  /// Writes the file at `path`: beside it first, then renamed.
  public static func write(_ array: NumericArray, to path: String) throws {
    try encoded(array).withUnsafeBytes { try AtomicFile.write($0, to: path) }
  }

  /// Reads a whole `.npy`: header, then exactly the payload that it announces.
  static func read(
    from source: inout some ByteSource, uint16Meaning: UInt16Meaning = .integer
  ) throws -> NumericArray {
    let header = try NumpyHeader(from: &source)
    try checkPayload(of: header, in: source)
    return try ElementReader(
      type: header.type, shape: header.shape, isColumnMajor: header.isColumnMajor,
      uint16Meaning: uint16Meaning
    ).read(from: &source)
  }

  /// Throws unless the bytes left are exactly those of the array: nothing is allocated for a header that lies.
  static func checkPayload(of header: NumpyHeader, in source: some ByteSource) throws {
    if header.type.kind == .object {
      throw source.unsupported(
        "an array of Python objects", "numbers or strings; features.pkl is read as a pickle")
    }
    let size = elementCount(header.shape).map {
      $0.multipliedReportingOverflow(by: header.type.size)
    }
    guard let size, !size.overflow, size.partialValue == source.remaining else {
      throw source.malformed(
        "\(source.remaining) bytes of values",
        "\(size.map { $0.overflow ? "far more" : "\($0.partialValue)" } ?? "far more") for shape "
          + "\(header.shape); is the file cut short?")
    }
  }

  /// The bytes of a `.npy` file.
  static func encoded(_ array: NumericArray) -> [UInt8] {
    switch array {
    case .float32(let a): encoded(a, "<f4")
    case .float64(let a): encoded(a, "<f8")
    case .bfloat16(let a): encoded(a, "<V2")
    case .int32(let a): encoded(a, "<i4")
    case .int64(let a): encoded(a, "<i8")
    case .uint8(let a): encoded(a, "|u1")
    case .bool(let a): encoded(a.map { $0 ? UInt8(1) : 0 }, "|b1")
    case .string(let a): encodedStrings(a)
    }
  }

  private static func encoded<T: BitwiseCopyable>(_ array: NDArray<T>, _ descr: String) -> [UInt8] {
    var bytes = NumpyHeader.encoded(descr: descr, shape: array.shape)
    bytes.reserveCapacity(bytes.count + array.count * MemoryLayout<T>.stride)
    array.values.withUnsafeBytes { bytes.append(contentsOf: $0) }
    return bytes
  }

  private static func encodedStrings(_ array: NDArray<String>) -> [UInt8] {
    let width = max(1, array.values.map { $0.unicodeScalars.count }.max() ?? 1)
    var units: [UInt32] = []
    units.reserveCapacity(width * array.count)
    for text in array.values {
      units += text.unicodeScalars.map(\.value)
      units += Array(repeating: 0, count: width - text.unicodeScalars.count)
    }
    return NumpyHeader.encoded(descr: "<U\(width)", shape: array.shape)
      + units.withUnsafeBytes { Array($0) }
  }
}
