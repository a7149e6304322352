import CKernels

/// The plain twin of the block codec: the rules of `BlockCodec.h`, element by element.
enum PlainBlocks {
  /// Value of an E4M3 code, by the layout: 1 sign, 4 exponent (bias 7), 3 mantissa bits; `S.1111.111` is NaN.
  static func value(ofE4M3 code: UInt8) -> Float {
    let sign: Float = code & 0x80 == 0 ? 1 : -1
    let (exponent, mantissa) = (Int(code >> 3) & 0xf, Float(code & 7))
    if code & 0x7f == 0x7f { return .nan }
    if exponent == 0 { return sign * mantissa * 0x1p-9 }
    return sign * (1 + mantissa / 8) * Float(sign: .plus, exponent: exponent - 7, significand: 1)
  }

  /// The finite E4M3 numbers that are not negative, ascending; the index is the code.
  static let e4m3Numbers: [Float] = (0...0x7e).map { value(ofE4M3: UInt8($0)) }

  /// Nearest code by looking at all, ties to the even one, saturating.
  static func e4m3Code(of x: Float) -> UInt8 {
    if x.isNaN { return x.sign == .minus ? 0xff : 0x7f }
    let magnitude = Double(min(abs(x), 448))
    var (best, distance) = (0, Double.infinity)
    for (code, number) in e4m3Numbers.enumerated() {
      let d = abs(Double(number) - magnitude)
      if d < distance || (d == distance && code % 2 == 0) { (best, distance) = (code, d) }
    }
    return UInt8(best) | (x.sign == .minus ? 0x80 : 0)
  }

  /// Scale and codes of up to 32 values.
  static func encode(_ format: hf_block_code, _ values: [Float]) -> [UInt8] {
    let largest = values.map { abs($0) }.max() ?? 0
    let isFinite = values.allSatisfy { $0.isFinite }
    var scale: Float = 0
    if !isFinite {
      scale = .nan
    } else if format == HF_INT8_BLOCKS {
      scale = roundedToBFloat16(largest / 127)
      if largest / 127 < .leastNormalMagnitude { scale = 0 }
    } else if largest > 0 {
      scale = Float(sign: .plus, exponent: max(largest.exponent - 8, -126), significand: 1)
    }
    let bits: UInt16 = scale.isNaN ? 0x7fc0 : bfloat16Bits(scale)
    var codes = [UInt8](repeating: 0, count: 32)
    if scale > 0 {
      for (index, value) in values.enumerated() {
        let scaled = value * (1 / scale)
        codes[index] =
          format == HF_INT8_BLOCKS
          ? UInt8(bitPattern: Int8(max(-127, min(127, scaled.rounded(.toNearestOrEven)))))
          : e4m3Code(of: scaled)
      }
    }
    return [UInt8(bits & 0xff), UInt8(bits >> 8)] + codes
  }

  /// The first `count` values of a block.
  static func decode(_ format: hf_block_code, _ block: ArraySlice<UInt8>, count: Int) -> [Float] {
    let block = Array(block)
    let scale = Float(bitPattern: (UInt32(block[0]) | UInt32(block[1]) << 8) << 16)
    return block[2..<2 + count].map { code in
      scale
        * (format == HF_INT8_BLOCKS ? Float(Int8(bitPattern: code)) : value(ofE4M3: code))
    }
  }
}
