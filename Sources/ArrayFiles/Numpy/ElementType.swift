/// Element type of a numpy array, from its `descr` string.
struct ElementType: Sendable, Hashable {
  /// What the bits of one element mean.
  enum Kind: Sendable, Hashable {
    case float16, float32, float64, bfloat16
    case int8, int16, int32, int64
    case uint8, uint16, uint32, uint64
    case bool
    /// Bytes padded with zeros, `S`.
    case byteString
    /// UTF-32 code units padded with zeros, `U`.
    case unicodeString
    /// Python objects, `O`: only inside a pickle.
    case object
  }

  var kind: Kind
  /// Bytes per element.
  var size: Int
  /// Most significant byte first.
  var isBigEndian: Bool

  init(_ kind: Kind, size: Int, isBigEndian: Bool = false) {
    self.kind = kind
    self.size = size
    self.isBigEndian = isBigEndian
  }

  /// The type of a `descr` such as `<f4`, `|b1`, `<U12`, `|V2` (bfloat16 as numpy stores it); nil for others.
  init?(descr: String) {
    var rest = Substring(descr)
    var isBigEndian = false
    if let order = rest.first, "<>|=".contains(order) {
      isBigEndian = order == ">"
      rest = rest.dropFirst()
    }
    if let fixed = Self.fixedKinds[String(rest)] {
      self.init(
        fixed, size: rest == "bfloat16" ? 2 : Int(rest.dropFirst()) ?? 1, isBigEndian: isBigEndian)
      return
    }
    guard let letter = rest.first, let width = Int(rest.dropFirst()), (1...1 << 20) ~= width else {
      if rest == "O" {
        self.init(.object, size: 8)
        return
      }
      return nil
    }
    switch letter {
    case "S", "a": self.init(.byteString, size: width)
    case "U": self.init(.unicodeString, size: 4 * width, isBigEndian: isBigEndian)
    case "O": self.init(.object, size: width)
    default: return nil
    }
  }

  /// Name of the element type of the array once read.
  func name(_ uint16: UInt16Meaning) -> String {
    switch kind {
    case .float16, .float32: "float32"
    case .float64: "float64"
    case .bfloat16: "bfloat16"
    case .uint16: uint16 == .bfloat16 ? "bfloat16" : "int32"
    case .int8, .int16, .int32: "int32"
    case .int64, .uint32, .uint64: "int64"
    case .uint8: "uint8"
    case .bool: "bool"
    case .byteString, .unicodeString: "string"
    case .object: "object"
    }
  }

  private static let fixedKinds: [String: Kind] = [
    "f2": .float16, "f4": .float32, "f8": .float64, "V2": .bfloat16, "bfloat16": .bfloat16,
    "i1": .int8, "i2": .int16, "i4": .int32, "i8": .int64,
    "u1": .uint8, "u2": .uint16, "u4": .uint32, "u8": .uint64, "b1": .bool,
  ]
}

/// Largest number of axes in numpy.
let largestRank = 64

/// Number of elements of `shape`; nil if an extent is negative, or if the product does not fit an `Int`.
///
/// The product of the non-zero extents must fit as well, so that strides never overflow.
func elementCount(_ shape: [Int]) -> Int? {
  var product = 1
  for extent in shape where extent != 0 {
    let (next, overflow) = product.multipliedReportingOverflow(by: extent)
    if extent < 0 || overflow { return nil }
    product = next
  }
  return shape.contains(0) ? 0 : product
}

/// The value of a half-precision bit pattern (IEEE 754 binary16): subnormals, infinities and NaN included.
func floatFromHalf(_ bits: UInt16) -> Float {
  let sign = UInt32(bits & 0x8000) << 16
  let exponent = UInt32(bits >> 10) & 0x1F
  let fraction = UInt32(bits & 0x3FF)
  switch exponent {
  case 0:
    let magnitude = Float(fraction) * 0x1p-24
    return sign == 0 ? magnitude : -magnitude
  case 31: return Float(bitPattern: sign | 0x7F80_0000 | fraction << 13)
  default: return Float(bitPattern: sign | (exponent + 112) << 23 | fraction << 13)
  }
}
