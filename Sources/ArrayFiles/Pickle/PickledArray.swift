import NumericArrays

/// An array inside a pickle: shape and type known, values still in the file.
public struct PickledArray: Sendable {
  /// Location of the values.
  enum Payload: Sendable {
    case bytes(PickledBytes, ElementType, isColumnMajor: Bool)
    case objects([PickleValue])
    case torch(TorchStorage, offset: Int, strides: [Int])
  }

  /// Extent of each axis.
  public let shape: [Int]
  let payload: Payload
  /// The file, as messages name it.
  let file: String

  /// Name of the element type that ``read(uint16:)`` returns.
  public func elementName(uint16: UInt16Meaning = .integer) -> String {
    switch payload {
    case .bytes(_, let type, _): type.name(uint16)
    case .objects: "string"
    case .torch(let storage, _, _): storage.type.name(uint16)
    }
  }

  /// Reads the values, after checking that there are exactly as many.
  ///
  /// - Parameter uint16: how 16-bit unsigned integers are interpreted; Paddle stores bfloat16 that way.
  public func read(uint16: UInt16Meaning = .integer) throws -> AnyNDArray {
    switch payload {
    case .bytes(let bytes, let type, let isColumnMajor):
      var source = MemorySource(bytes.file, part: "array \(shape)", range: bytes.range)
      let header = NumpyHeader(type: type, isColumnMajor: isColumnMajor, shape: shape)
      try NumpyFile.checkPayload(of: header, in: source)
      return try ElementReader(
        type: type, shape: shape, isColumnMajor: isColumnMajor, uint16Meaning: uint16
      ).read(from: &source)
    case .objects(let items): return try strings(items)
    case .torch(let storage, let offset, let strides):
      return try storage.tensor(shape: shape, offset: offset, strides: strides)
    }
  }

  /// Bytes of the values, after checking that shape, strides and stored bytes agree; reads none of them.
  func checkedByteCount() throws -> Int {
    switch payload {
    case .bytes(let bytes, let type, _):
      let source = MemorySource(bytes.file, part: "array \(shape)", range: bytes.range)
      try NumpyFile.checkPayload(of: NumpyHeader(type: type, shape: shape), in: source)
      return bytes.range.count
    case .objects(let items):
      guard elementCount(shape) == items.count else {
        throw ArrayFileError.malformed(
          file: file, part: "array \(shape)", found: "\(items.count) objects",
          expected: "one per element")
      }
      return items.count * MemoryLayout<String>.stride
    case .torch(let storage, let offset, let strides):
      try storage.checkView(shape: shape, offset: offset, strides: strides)
      return (elementCount(shape) ?? 0) * storage.type.size
    }
  }

  private func strings(_ items: [PickleValue]) throws -> AnyNDArray {
    let texts = items.compactMap(\.text)
    guard texts.count == items.count, elementCount(shape) == items.count else {
      throw ArrayFileError.unsupported(
        file: file, part: "array \(shape)", found: "\(items.count) Python objects of mixed kinds",
        expected: "strings, one per element")
    }
    return .string(NDArray(shape: shape, values: texts))
  }
}

/// Bytes that a pickle refers to: a range of the file, or a decoded copy.
struct PickledBytes: Sendable {
  let file: FileBytes
  let range: Range<Int>

  /// The bytes themselves; nil if the range leaves the file, which the machine never produces.
  var bytes: [UInt8]? { file.bytes(range) }
}

extension PickledArray {
  /// Throws if an array contradicts its bytes, or if all arrays together are far larger than the file.
  ///
  /// Tensors may share a storage; more than 16-fold sharing is treated as an attack on memory.
  ///
  /// - Parameter unpackedSize: bytes of the pickle if the file at `path` is compressed.
  public static func checkSizes(
    _ arrays: some Sequence<PickledArray>, _ path: String, unpackedSize: Int? = nil
  ) throws {
    let size = try unpackedSize ?? FileBytes(path: path).count
    var total = 0
    for array in arrays {
      let (next, overflow) = total.addingReportingOverflow(try array.checkedByteCount())
      total = next
      guard !overflow, total / 16 <= size else {
        throw ArrayFileError.tooLarge(
          file: path, part: "the content", needs: "more than \(16 * size) bytes",
          limit: "16 times the file")
      }
    }
  }
}
