import NumericArrays

/// How arrays of 16-bit unsigned integers are interpreted.
public enum UInt16Meaning: Sendable, Hashable {
  /// Integers, as numpy means them.
  case integer
  /// Bits of bfloat16, as Paddle writes them.
  case bfloat16
}

/// Turns the payload of a numpy array into a ``AnyNDArray``; narrow types widen to the nearest case.
struct ElementReader {
  let type: ElementType
  let shape: [Int]
  /// First axis fastest (`fortran_order`).
  var isColumnMajor = false
  var uint16Meaning = UInt16Meaning.integer

  /// Reads the array; the source must hold at least its bytes, which is checked before memory is taken.
  func read(from source: inout some ByteSource) throws -> AnyNDArray {
    guard let count = elementCount(shape) else {
      throw source.malformed("shape \(shape)", "extents whose product fits 63 bits")
    }
    switch type.kind {
    case .float32: return .float32(array(try raw(count, Float.self, &source)))
    case .float64: return .float64(array(try raw(count, Double.self, &source)))
    case .float16: return .float32(array(try raw(count, UInt16.self, &source).map(floatFromHalf)))
    case .bfloat16: return .bfloat16(array(try raw(count, BFloat16.self, &source)))
    case .int8: return .int32(array(try raw(count, Int8.self, &source).map(Int32.init)))
    case .int16: return .int32(array(try raw(count, Int16.self, &source).map(Int32.init)))
    case .int32: return .int32(array(try raw(count, Int32.self, &source)))
    case .int64: return .int64(array(try raw(count, Int64.self, &source)))
    case .uint8: return .uint8(array(try raw(count, UInt8.self, &source)))
    case .uint16:
      if uint16Meaning == .bfloat16 {
        return .bfloat16(array(try raw(count, BFloat16.self, &source)))
      }
      return .int32(array(try raw(count, UInt16.self, &source).map(Int32.init)))
    case .uint32: return .int64(array(try raw(count, UInt32.self, &source).map(Int64.init)))
    case .uint64: return .int64(array(try wideIntegers(count, &source)))
    case .bool: return .bool(array(try raw(count, UInt8.self, &source).map { $0 != 0 }))
    case .byteString: return .string(array(try byteStrings(count, &source)))
    case .unicodeString: return .string(array(try unicodeStrings(count, &source)))
    case .object:
      throw source.unsupported("an array of Python objects", "numbers or strings")
    }
  }

  /// The elements as stored, bytes reversed if the file is big-endian (hosts are little-endian).
  private func raw<T: BitwiseCopyable>(
    _ count: Int, _ element: T.Type, _ source: inout some ByteSource
  ) throws -> [T] {
    var values = try source.elements(count, of: T.self)
    if type.isBigEndian {
      let width = MemoryLayout<T>.size
      values.withUnsafeMutableBytes { bytes in
        for start in stride(from: 0, to: bytes.count, by: width) {
          bytes[start..<start + width].reverse()
        }
      }
    }
    return values
  }

  private func wideIntegers(_ count: Int, _ source: inout some ByteSource) throws -> [Int64] {
    let values = try raw(count, UInt64.self, &source)
    if let large = values.first(where: { $0 > Int64.max }) {
      throw source.unsupported("the unsigned value \(large)", "at most \(Int64.max)")
    }
    return values.map { Int64($0) }
  }

  /// Most strings in an array: each takes at least 16 bytes of memory, however few in the file.
  private static let maximumStrings = (64 << 20) / MemoryLayout<String>.stride

  private func byteStrings(_ count: Int, _ source: inout some ByteSource) throws -> [String] {
    let width = type.size
    let bytes = try source.bytes(try payload(count, source))
    return (0..<count).map { index in
      let field = bytes[index * width..<(index + 1) * width]
      return String(decoding: trimmed(field), as: UTF8.self)
    }
  }

  private func unicodeStrings(_ count: Int, _ source: inout some ByteSource) throws -> [String] {
    let width = type.size / 4
    let units = try raw(try payload(count, source) / 4, UInt32.self, &source)
    return (0..<count).map { index in
      var text = String.UnicodeScalarView()
      for unit in trimmed(units[index * width..<(index + 1) * width]) {
        text.append(Unicode.Scalar(unit) ?? "\u{FFFD}")
      }
      return String(text)
    }
  }

  private func payload(_ count: Int, _ source: some ByteSource) throws -> Int {
    guard count <= Self.maximumStrings else {
      throw ArrayFileError.tooLarge(
        file: source.file, part: source.part, needs: "memory for \(count) strings",
        limit: "\(Self.maximumStrings)")
    }
    let (size, overflow) = count.multipliedReportingOverflow(by: type.size)
    if overflow || size > source.remaining {
      throw source.malformed(
        "\(source.remaining) bytes left", "\(count) strings of \(type.size) bytes")
    }
    return size
  }

  private func trimmed<T: FixedWidthInteger>(_ field: ArraySlice<T>) -> ArraySlice<T> {
    field[..<((field.lastIndex { $0 != 0 } ?? field.startIndex - 1) + 1)]
  }

  private func array<T: Sendable>(_ values: [T]) -> NDArray<T> {
    NDArray(shape: shape, values: isColumnMajor ? rowMajor(values) : values)
  }

  /// The elements in row-major order: an odometer over the shape, the offset updated axis by axis.
  private func rowMajor<T>(_ values: [T]) -> [T] {
    guard shape.count > 1, !values.isEmpty else { return values }
    var strides = [1]
    for extent in shape.dropLast() { strides.append(strides[strides.count - 1] * extent) }
    return gathered(values, shape: shape, strides: strides, offset: 0)
  }
}

/// Elements of a strided view in row-major order.
///
/// - Precondition: every index reached lies in `values`; callers check the largest one.
func gathered<T>(_ values: [T], shape: [Int], strides: [Int], offset: Int) -> [T] {
  guard let count = elementCount(shape), count > 0 else { return [] }
  // Axes of extent 1 would only cost time.
  let axes = shape.indices.filter { shape[$0] > 1 }
  let (shape, strides) = (axes.map { shape[$0] }, axes.map { strides[$0] })
  var index = Array(repeating: 0, count: shape.count)
  var position = offset
  var result: [T] = []
  result.reserveCapacity(count)
  for _ in 0..<count {
    result.append(values[position])
    var axis = shape.count - 1
    while axis >= 0 {
      index[axis] += 1
      position += strides[axis]
      if index[axis] < shape[axis] { break }
      position -= strides[axis] * shape[axis]
      index[axis] = 0
      axis -= 1
    }
  }
  return result
}
