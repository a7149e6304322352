/// The header of a `.npy` file, versions 1 to 3: element type, order and shape.
///
/// Format: numpy.lib.format — magic `\x93NUMPY`, version, little-endian header length, Python dict literal.
struct NumpyHeader: Sendable, Hashable {
  var type: ElementType
  var isColumnMajor: Bool
  var shape: [Int]

  private static let magic: [UInt8] = [0x93] + Array("NUMPY".utf8)
  /// Numpy itself rejects headers longer than 10,000 bytes (`max_header_size`); structured types aside, 200 suffice.
  private static let longestHeader = 1 << 16

  init(type: ElementType, isColumnMajor: Bool = false, shape: [Int]) {
    self.type = type
    self.isColumnMajor = isColumnMajor
    self.shape = shape
  }

  /// Reads the header; the payload follows in `source`.
  init(from source: inout some ByteSource) throws {
    guard source.remaining >= 10, try source.bytes(6) == Self.magic else {
      throw source.malformed("no numpy magic", "a .npy array (\\x93NUMPY)")
    }
    let version = try source.bytes(2)
    guard (1...3).contains(version[0]) else {
      throw source.unsupported("numpy format version \(version[0])", "1, 2 or 3")
    }
    let lengthBytes = try source.bytes(version[0] == 1 ? 2 : 4)
    let length = lengthBytes.reversed().reduce(0) { $0 << 8 | Int($1) }
    guard length <= min(Self.longestHeader, source.remaining) else {
      throw source.malformed(
        "a header of \(length) bytes", "at most \(min(Self.longestHeader, source.remaining))")
    }
    var literal = PythonLiteral(try source.bytes(length))
    guard let fields = literal.dictionary() else {
      throw source.malformed("an unreadable header", "{'descr': …, 'fortran_order': …, 'shape': …}")
    }
    try self.init(fields: fields, source: source)
  }

  private init(fields: [String: PythonLiteral.Value], source: some ByteSource) throws {
    guard case .bool(let isColumnMajor)? = fields["fortran_order"],
      case .integers(let shape)? = fields["shape"], let descr = fields["descr"]
    else {
      throw source.malformed(
        "a header with \(fields.keys.sorted())", "descr, fortran_order and a shape of integers")
    }
    guard shape.count <= largestRank else {
      throw source.malformed("an array of \(shape.count) axes", "at most \(largestRank)")
    }
    guard case .text(let text) = descr else {
      throw source.unsupported("a structured element type", "plain numbers or strings")
    }
    guard let type = ElementType(descr: text) else {
      throw source.unsupported(
        "element type '\(text)'", "f2 f4 f8 i1…i8 u1…u8 b1 S U or V2 (bfloat16)")
    }
    self.init(type: type, isColumnMajor: isColumnMajor, shape: shape)
  }

  /// Header bytes, version 1, padded so that the payload starts at a multiple of 64.
  static func encoded(descr: String, shape: [Int]) -> [UInt8] {
    let extents = shape.map(String.init).joined(separator: ", ") + (shape.count == 1 ? "," : "")
    var text = "{'descr': '\(descr)', 'fortran_order': False, 'shape': (\(extents)), }"
    text += String(repeating: " ", count: 63 - (10 + text.utf8.count) % 64) + "\n"
    let length = text.utf8.count
    return magic + [1, 0, UInt8(length & 0xFF), UInt8(length >> 8)] + Array(text.utf8)
  }
}

/// The few Python literals that numpy headers consist of.
struct PythonLiteral {
  enum Value {
    case text(String)
    case bool(Bool)
    case integers([Int])
    /// Anything else that nests, skipped: structured element types.
    case other
  }

  private var bytes: ArraySlice<UInt8>

  init(_ bytes: [UInt8]) { self.bytes = bytes[...] }

  /// The dictionary that makes up the text; nil if it is not one.
  mutating func dictionary() -> [String: Value]? {
    guard take("{") else { return nil }
    var fields: [String: Value] = [:]
    while !take("}") {
      guard let key = string(), take(":"), let value = value() else { return nil }
      fields[key] = value
      if !take(",") {
        guard take("}") else { return nil }
        break
      }
    }
    skipSpace()
    return bytes.isEmpty ? fields : nil
  }

  private mutating func value() -> Value? {
    skipSpace()
    switch bytes.first {
    case UInt8(ascii: "'"), UInt8(ascii: "\""): return string().map(Value.text)
    case UInt8(ascii: "("): return tuple().map(Value.integers)
    case UInt8(ascii: "["): return skipList() ? .other : nil
    case UInt8(ascii: "T"): return take("True") ? .bool(true) : nil
    case UInt8(ascii: "F"): return take("False") ? .bool(false) : nil
    default: return nil
    }
  }

  private mutating func tuple() -> [Int]? {
    guard take("(") else { return nil }
    var values: [Int] = []
    while !take(")") {
      guard let value = integer() else { return nil }
      values.append(value)
      if !take(",") { return take(")") ? values : nil }
    }
    return values
  }

  /// Digits, optionally followed by the `L` of Python 2.
  private mutating func integer() -> Int? {
    skipSpace()
    let digits = bytes.prefix { (0x30...0x39).contains($0) }
    bytes = bytes.dropFirst(digits.count)
    _ = take("L")
    return Int(String(decoding: digits, as: UTF8.self))
  }

  private mutating func string() -> String? {
    skipSpace()
    guard let quote = bytes.first, quote == 0x27 || quote == 0x22 else { return nil }
    let text = bytes.dropFirst().prefix { $0 != quote && $0 != 0x5C }
    guard text.endIndex < bytes.endIndex, bytes[text.endIndex] == quote else { return nil }
    bytes = bytes[(text.endIndex + 1)...]
    return String(decoding: text, as: UTF8.self)
  }

  private mutating func skipList() -> Bool {
    var depth = 0
    while let byte = bytes.popFirst() {
      if byte == UInt8(ascii: "[") { depth += 1 }
      if byte == UInt8(ascii: "]") { depth -= 1 }
      if depth == 0 { return true }
    }
    return false
  }

  private mutating func take(_ token: String) -> Bool {
    skipSpace()
    guard bytes.starts(with: token.utf8) else { return false }
    bytes = bytes.dropFirst(token.utf8.count)
    return true
  }

  private mutating func skipSpace() {
    bytes = bytes.drop { $0 == 0x20 || $0 == 0x0A || $0 == 0x0D || $0 == 0x09 }
  }
}
