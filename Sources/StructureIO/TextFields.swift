/// Numbers and words in fixed columns or tokens of ASCII text.
extension ArraySlice<UInt8> {
  /// The bytes without blanks at both ends.
  var trimmed: ArraySlice<UInt8> {
    var slice = self
    while let first = slice.first, first == 0x20 || first == 0x09 { slice.removeFirst() }
    while let last = slice.last, last == 0x20 || last == 0x09 { slice.removeLast() }
    return slice
  }

  /// The bytes as text; invalid UTF-8 is replaced.
  var text: String { String(decoding: self, as: UTF8.self) }

  /// A decimal number such as `-12.345`, with or without an exponent; nil if it is not a number or not finite.
  var decimal: Double? {
    var magnitude: UInt64 = 0
    var scale = 1.0
    var digits = 0
    var isNegative = false
    var seenPoint = false
    for (offset, byte) in enumerated() {
      switch byte {
      case 0x30...0x39:
        digits += 1
        guard digits <= 15 else { return general }
        magnitude = magnitude * 10 + UInt64(byte - 0x30)
        if seenPoint { scale *= 10 }
      case 0x2E where !seenPoint: seenPoint = true
      case 0x2D where offset == 0: isNegative = true
      case 0x2B where offset == 0: break
      default: return general
      }
    }
    guard digits > 0 else { return nil }
    // Both are exact (15 digits, powers of ten to 10¹⁵), so that the quotient is rounded once, as strtod does.
    let value = Double(magnitude) / scale
    return isNegative ? -value : value
  }

  private var general: Double? {
    guard let value = Double(text), value.isFinite else { return nil }
    return value
  }

  /// The number of a CIF value without its standard uncertainty, `2.345(12)`.
  var withoutUncertainty: ArraySlice<UInt8> {
    last == UInt8(ascii: ")") ? prefix { $0 != UInt8(ascii: "(") } : self
  }

  /// A whole number with an optional sign; nil if it is not an integer or too large.
  var integer: Int? { Int(text) }

  /// A valid residue number: small enough that counting on from it cannot overflow.
  var residueNumber: Int? { integer.flatMap { $0.magnitude < 1_000_000_000 ? $0 : nil } }
}

extension String {
  /// The text with blanks before it up to a width.
  func right(_ width: Int) -> String {
    count >= width ? self : String(repeating: " ", count: width - count) + self
  }

  /// The text with blanks after it up to a width.
  func left(_ width: Int) -> String {
    count >= width ? self : self + String(repeating: " ", count: width - count)
  }
}
