import AtomicFiles
import NumericArrays

/// Single arrays in numpy's `.npy` format.
///
/// Reads versions 1–3, both orders and both byte orders. `f2` widens to float32, `i1 i2 u2` to int32, `u4 u8` to int64; `V2` is bfloat16,
/// as numpy stores it; of Python objects only strings are read, see ``PickleFile``. Writes version 1, row-major, little-endian.
public enum NumpyFile {
  /// Reads the file at `path`.
  public static func read(path: String) throws -> AnyNDArray {
    var source = MemorySource(try FileBytes(path: path), part: "array")
    return try read(from: &source)
  }

  /// Writes the file at `path`: under a temporary name first, then renamed.
  public static func write(_ array: AnyNDArray, to path: String) throws {
    let content = content(of: array)
    var piece = [UInt8](repeating: 0, count: min(content.count, 1 << 20))
    try AtomicFile.write(to: path) { append in
      var position = 0
      while position < content.count {
        let count = piece.withUnsafeMutableBytes { content.copy(from: position, into: $0) }
        try piece.withUnsafeBytes { try append(.init(rebasing: $0[..<count])) }
        position += count
      }
    }
  }

  /// Reads a whole `.npy`: header, then exactly the payload that it announces.
  static func read(
    from source: inout some ByteSource, uint16Meaning: UInt16Meaning = .integer
  ) throws -> AnyNDArray {
    let header = try NumpyHeader(from: &source)
    if header.type.kind == .object { return try objects(of: header, from: &source) }
    try checkPayload(of: header, in: source)
    return try ElementReader(
      type: header.type, shape: header.shape, isColumnMajor: header.isColumnMajor,
      uint16Meaning: uint16Meaning
    ).read(from: &source)
  }

  /// Most bytes of an array of Python objects: names and sequences, not numbers.
  private static let largestPickle = 64 << 20

  /// An array of Python objects, which numpy writes as a pickle of the whole array after the header.
  private static func objects(
    of header: NumpyHeader, from source: inout some ByteSource
  ) throws -> AnyNDArray {
    guard source.remaining <= largestPickle else {
      throw source.unsupported(
        "Python objects of \(source.remaining) bytes", "at most \(largestPickle >> 20) MiB of them")
    }
    let name = "\(source.file): \(source.part)"
    let value = try PickleFile.read(bytes: try source.bytes(source.remaining), name: name)
    guard let array = value.array, array.shape == header.shape else {
      throw source.malformed(
        value.array.map { "a pickled array of shape \($0.shape)" } ?? "a pickle of something else",
        "an array of shape \(header.shape)")
    }
    return try array.read()
  }

  /// Throws unless the bytes left are exactly those of the array: nothing is allocated for a false header.
  static func checkPayload(of header: NumpyHeader, in source: some ByteSource) throws {
    if header.type.kind == .object {
      throw source.unsupported("an array of Python objects", "numbers or strings")
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

  /// The content of a `.npy` file; values are not copied.
  static func content(of array: AnyNDArray) -> FileContent {
    switch array {
    case .float32(let a): content(a, "<f4")
    case .float64(let a): content(a, "<f8")
    case .bfloat16(let a): content(a, "<V2")
    case .int32(let a): content(a, "<i4")
    case .int64(let a): content(a, "<i8")
    case .uint8(let a): content(a, "|u1")
    case .bool(let a): content(a.map { $0 ? UInt8(1) : 0 }, "|b1")
    case .string(let a): content(ofStrings: a)
    }
  }

  private static func content<T: BitwiseCopyable>(
    _ array: NDArray<T>, _ descr: String
  ) -> FileContent {
    content(array, header: NumpyHeader.encoded(descr: descr, shape: array.shape))
  }

  private static func content<T: BitwiseCopyable>(
    _ array: NDArray<T>, header: [UInt8]
  ) -> FileContent {
    FileContent(head: header, bodyCount: array.count * MemoryLayout<T>.stride) {
      array.values.withUnsafeBytes($0)
    }
  }

  private static func content(ofStrings array: NDArray<String>) -> FileContent {
    let width = max(1, array.values.map { $0.unicodeScalars.count }.max() ?? 1)
    var units: [UInt32] = []
    units.reserveCapacity(width * array.count)
    for text in array.values {
      units += text.unicodeScalars.map(\.value)
      units += Array(repeating: 0, count: width - text.unicodeScalars.count)
    }
    return content(
      NDArray(shape: [units.count], values: units),
      header: NumpyHeader.encoded(descr: "<U\(width)", shape: array.shape))
  }
}
