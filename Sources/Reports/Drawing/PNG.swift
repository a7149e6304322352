import AtomicFiles

/// Writes Portable Network Graphics (ISO/IEC 15948), 8 bits per sample.
enum PNG {
  /// How samples make a pixel.
  enum ColorType {
    /// Three samples: red, green, blue.
    case rgb
    /// One sample: the place of the colour `0xRRGGBB` in a list.
    case palette([UInt32])
  }

  /// A whole file.
  ///
  /// - Parameter samples: row by row from the top, `width` pixels a row.
  static func file(width: Int, height: Int, colorType: ColorType, samples: [UInt8]) -> [UInt8] {
    var bytes: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]
    var code: UInt8 = 2
    var samplesPerPixel = 3
    if case .palette = colorType {
      code = 3
      samplesPerPixel = 1
    }
    append("IHDR", big(UInt32(width)) + big(UInt32(height)) + [8, code, 0, 0, 0], to: &bytes)
    if case .palette(let colors) = colorType {
      let entries = (colors.isEmpty ? [0] : colors).flatMap { big($0).dropFirst() }
      append("PLTE", entries, to: &bytes)
    }
    let row = width * samplesPerPixel
    var lines: [UInt8] = []
    lines.reserveCapacity(height * (row + 1))
    for line in 0..<height {
      lines.append(0)  // no filter
      lines += samples[line * row..<(line + 1) * row]
    }
    append("IDAT", Deflate.zlib(lines), to: &bytes)
    append("IEND", [], to: &bytes)
    return bytes
  }

  private static func append(_ name: String, _ content: [UInt8], to bytes: inout [UInt8]) {
    bytes += big(UInt32(content.count))
    let body = Array(name.utf8) + content
    bytes += body
    bytes += big(CyclicRedundancyCheck32.zlib(body))
  }

  private static func big(_ value: UInt32) -> [UInt8] {
    [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: value >> $0) }
  }
}

/// Compresses bytes as RFC 1951 and RFC 1950 say, with the fixed Huffman code: small source, fair size.
enum Deflate {
  /// A zlib stream.
  static func zlib(_ bytes: [UInt8]) -> [UInt8] {
    var writer = BitWriter(bytes: [0x78, 0x9C])
    writer.write(1, bits: 1)  // the last block
    writer.write(1, bits: 2)  // fixed code
    var position = 0
    // Last place of each hash of three bytes.
    var seen = [Int32](repeating: -1, count: 1 << 15)
    while position < bytes.count {
      let match = longestMatch(bytes, at: position, &seen)
      if match.length >= 3 {
        writer.writeLength(match.length)
        writer.writeDistance(match.distance)
        position += match.length
      } else {
        writer.writeSymbol(Int(bytes[position]))
        position += 1
      }
    }
    writer.writeSymbol(256)
    var result = writer.finished()
    let sum = adler32(bytes)
    result += [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: sum >> $0) }
    return result
  }

  private static func longestMatch(
    _ bytes: [UInt8], at position: Int, _ seen: inout [Int32]
  ) -> (length: Int, distance: Int) {
    guard position + 3 <= bytes.count else { return (0, 0) }
    let key =
      UInt32(bytes[position]) << 16 | UInt32(bytes[position + 1]) << 8 | UInt32(bytes[position + 2])
    let hash = Int((key &* 0x9E37_79B1) >> 17)
    let candidate = Int(seen[hash])
    seen[hash] = Int32(truncatingIfNeeded: position)
    guard candidate >= 0, position - candidate <= 32_768 else { return (0, 0) }
    let limit = min(258, bytes.count - position)
    var length = 0
    while length < limit && bytes[candidate + length] == bytes[position + length] { length += 1 }
    return (length, position - candidate)
  }

  private static func adler32(_ bytes: [UInt8]) -> UInt32 {
    var (a, b) = (UInt32(1), UInt32(0))
    for byte in bytes {
      a = (a + UInt32(byte)) % 65_521
      b = (b + a) % 65_521
    }
    return b << 16 | a
  }
}

/// Bits packed from the lowest of each byte.
private struct BitWriter {
  private var bytes: [UInt8]
  private var buffer: UInt64 = 0
  private var count = 0

  init(bytes: [UInt8]) { self.bytes = bytes }

  /// Writes the low bits of a number, the lowest first.
  mutating func write(_ value: Int, bits: Int) {
    buffer |= UInt64(value) << UInt64(count)
    count += bits
    while count >= 8 {
      bytes.append(UInt8(truncatingIfNeeded: buffer))
      buffer >>= 8
      count -= 8
    }
  }

  /// Writes a symbol of the fixed code, whose bits go highest first (RFC 1951, 3.2.6).
  mutating func writeSymbol(_ symbol: Int) {
    switch symbol {
    case ..<144: writeCode(0x30 + symbol, bits: 8)
    case ..<256: writeCode(0x190 + symbol - 144, bits: 9)
    case ..<280: writeCode(symbol - 256, bits: 7)
    default: writeCode(0xC0 + symbol - 280, bits: 8)
    }
  }

  /// Writes a length of 3 … 258.
  mutating func writeLength(_ length: Int) {
    if length == 258 { return writeSymbol(285) }
    let value = length - 3
    let extra = value < 8 ? 0 : max(0, (Int.bitWidth - value.leadingZeroBitCount) - 3)
    writeSymbol(257 + (value < 8 ? value : 4 * extra + (value >> extra)))
    write(value & ((1 << extra) - 1), bits: extra)
  }

  /// Writes a distance of 1 … 32,768.
  mutating func writeDistance(_ distance: Int) {
    let value = distance - 1
    let extra = value < 4 ? 0 : (Int.bitWidth - value.leadingZeroBitCount) - 2
    writeCode(value < 4 ? value : 2 * extra + (value >> extra), bits: 5)
    write(value & ((1 << extra) - 1), bits: extra)
  }

  private mutating func writeCode(_ code: Int, bits: Int) {
    for bit in stride(from: bits - 1, through: 0, by: -1) { write(code >> bit & 1, bits: 1) }
  }

  /// All bytes, the last one filled with zeros.
  mutating func finished() -> [UInt8] {
    if count > 0 { write(0, bits: 8 - count) }
    return bytes
  }
}
