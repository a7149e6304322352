import AtomicFiles
import CZlib

/// Writes Portable Network Graphics (ISO/IEC 15948), 8 bits per sample.
enum PNG {
  /// How samples make a pixel.
  enum ColorType {
    /// Three samples: red, green, blue.
    case rgb
    /// One sample: the index of a colour `0xRRGGBB` in a list.
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
    append("IDAT", compressed(lines), to: &bytes)
    append("IEND", [], to: &bytes)
    return bytes
  }

  /// A zlib stream (RFC 1950), uncompressed if there is no memory for compression.
  static func compressed(_ bytes: [UInt8]) -> [UInt8] {
    var size = compressBound(UInt(bytes.count))
    let stream = [UInt8](unsafeUninitializedCapacity: Int(size)) { output, count in
      let status = compress2(
        output.baseAddress, &size, bytes, UInt(bytes.count), Z_DEFAULT_COMPRESSION)
      count = status == Z_OK ? Int(size) : 0
    }
    return stream.isEmpty ? stored(bytes) : stream
  }

  /// A zlib stream of uncompressed blocks.
  static func stored(_ bytes: [UInt8]) -> [UInt8] {
    var stream: [UInt8] = [0x78, 0x01]
    var start = 0
    repeat {
      let end = min(start + Int(UInt16.max), bytes.count)
      let length = UInt16(end - start)
      stream.append(end == bytes.count ? 1 : 0)
      for part in [length, ~length] { stream += [UInt8(part & 0xFF), UInt8(part >> 8)] }
      stream += bytes[start..<end]
      start = end
    } while start < bytes.count
    return stream + big(UInt32(adler32(1, bytes, UInt32(bytes.count))))
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
