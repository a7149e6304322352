import AtomicFiles

/// Unpacks gzip files (RFC 1952), one or more members, each a deflate stream (RFC 1951).
enum Gzip {
  /// Largest content accepted: deflate packs at most 1032 : 1, so a small file could else claim all memory.
  static let sizeLimit = 1 << 30

  /// The content of all members.
  static func unpack(_ bytes: [UInt8]) throws(GzipError) -> [UInt8] {
    var output: [UInt8] = []
    var position = 0
    repeat {
      position = try contentStart(bytes, at: position)
      let memberStart = output.count
      var inflater = Inflater(input: bytes, position: position)
      try inflater.run(into: &output, memberStart: memberStart)
      position = inflater.position
      guard position + 8 <= bytes.count else { throw .truncated }
      let size = (0..<4).reduce(UInt32(0)) { $0 | UInt32(bytes[position + 4 + $1]) << (8 * $1) }
      let checksum = (0..<4).reduce(UInt32(0)) { $0 | UInt32(bytes[position + $1]) << (8 * $1) }
      guard size == UInt32(truncatingIfNeeded: output.count - memberStart),
        checksum == CyclicRedundancyCheck32.zlib(output[memberStart...])
      else { throw .damaged }
      position += 8
    } while position < bytes.count && bytes[position] == 0x1F
    return output
  }

  /// Skips a member header and returns where its deflate stream starts.
  private static func contentStart(_ bytes: [UInt8], at start: Int) throws(GzipError) -> Int {
    guard start + 10 <= bytes.count else { throw .truncated }
    guard bytes[start] == 0x1F, bytes[start + 1] == 0x8B, bytes[start + 2] == 8 else {
      throw .damaged
    }
    let flags = bytes[start + 3]
    var position = start + 10
    if flags & 0x04 != 0 {
      guard position + 2 <= bytes.count else { throw .truncated }
      position += 2 + Int(bytes[position]) + Int(bytes[position + 1]) << 8
    }
    for flag: UInt8 in [0x08, 0x10] where flags & flag != 0 {
      while position < bytes.count, bytes[position] != 0 { position += 1 }
      position += 1
    }
    if flags & 0x02 != 0 { position += 2 }
    guard position < bytes.count else { throw .truncated }
    return position
  }
}

/// Why a gzip file could not be unpacked.
enum GzipError: Error, Hashable, CustomStringConvertible {
  case truncated, damaged, tooLarge

  var description: String {
    switch self {
    case .truncated: "the gzip file ends too early; was the download complete?"
    case .damaged: "the gzip file is damaged (checksum or structure is wrong)"
    case .tooLarge: "the gzip file unpacks to more than 1 GiB, expected a structure file"
    }
  }
}

/// A deflate decoder with canonical Huffman codes decoded bit by bit through per-length counts.
struct Inflater {
  let input: [UInt8]
  var position: Int
  private var bits: UInt32 = 0
  private var bitCount = 0

  init(input: [UInt8], position: Int) {
    self.input = input
    self.position = position
  }

  /// Decodes blocks up to the last; `position` is then the first whole byte after the stream.
  mutating func run(into output: inout [UInt8], memberStart: Int) throws(GzipError) {
    var isLast = false
    while !isLast {
      isLast = try take(1) == 1
      switch try take(2) {
      case 0: try copyStored(into: &output)
      case 1: try decode(.fixedLiterals, .fixedDistances, into: &output, memberStart: memberStart)
      case 2:
        let (literals, distances) = try readCodes()
        try decode(literals, distances, into: &output, memberStart: memberStart)
      default: throw .damaged
      }
    }
  }

  private mutating func take(_ count: Int) throws(GzipError) -> Int {
    while bitCount < count {
      guard position < input.count else { throw .truncated }
      bits |= UInt32(input[position]) << UInt32(bitCount)
      position += 1
      bitCount += 8
    }
    let value = bits & (1 << UInt32(count) - 1)
    bits >>= UInt32(count)
    bitCount -= count
    return Int(value)
  }

  private mutating func copyStored(into output: inout [UInt8]) throws(GzipError) {
    bits = 0
    bitCount = 0
    guard position + 4 <= input.count else { throw .truncated }
    let length = Int(input[position]) | Int(input[position + 1]) << 8
    let complement = Int(input[position + 2]) | Int(input[position + 3]) << 8
    guard length ^ complement == 0xFFFF else { throw .damaged }
    position += 4
    guard position + length <= input.count else { throw .truncated }
    guard output.count + length <= Gzip.sizeLimit else { throw .tooLarge }
    output.append(contentsOf: input[position..<position + length])
    position += length
  }

  private mutating func symbol(_ code: HuffmanCode) throws(GzipError) -> Int {
    var value = 0
    var first = 0
    var index = 0
    for length in 1...15 {
      value |= try take(1)
      let count = code.counts[length]
      if value - first < count { return code.symbols[index + value - first] }
      index += count
      first = (first + count) << 1
      value <<= 1
    }
    throw .damaged
  }

  private mutating func decode(
    _ literals: HuffmanCode, _ distances: HuffmanCode, into output: inout [UInt8], memberStart: Int
  ) throws(GzipError) {
    while true {
      let symbol = try symbol(literals)
      if symbol == 256 { return }
      guard output.count < Gzip.sizeLimit else { throw .tooLarge }
      if symbol < 256 {
        output.append(UInt8(symbol))
        continue
      }
      guard symbol - 257 < Self.lengthBases.count else { throw .damaged }
      let length =
        try Self.lengthBases[symbol - 257] + take(Self.lengthExtraBits[symbol - 257])
      let distanceSymbol = try self.symbol(distances)
      guard distanceSymbol < Self.distanceBases.count else { throw .damaged }
      let distance =
        try Self.distanceBases[distanceSymbol] + take(max(0, distanceSymbol / 2 - 1))
      guard distance <= output.count - memberStart else { throw .damaged }
      for _ in 0..<length { output.append(output[output.count - distance]) }
    }
  }

  private mutating func readCodes() throws(GzipError) -> (HuffmanCode, HuffmanCode) {
    let literalCount = try take(5) + 257
    let distanceCount = try take(5) + 1
    let lengthCount = try take(4) + 4
    var lengthLengths = [Int](repeating: 0, count: 19)
    for index in 0..<lengthCount { lengthLengths[Self.codeLengthOrder[index]] = try take(3) }
    let lengthCode = HuffmanCode(lengths: lengthLengths)
    var lengths: [Int] = []
    while lengths.count < literalCount + distanceCount {
      switch try symbol(lengthCode) {
      case 16:
        guard let last = lengths.last else { throw .damaged }
        lengths += [Int](repeating: last, count: try take(2) + 3)
      case 17: lengths += [Int](repeating: 0, count: try take(3) + 3)
      case 18: lengths += [Int](repeating: 0, count: try take(7) + 11)
      case let length: lengths.append(length)
      }
    }
    guard lengths.count == literalCount + distanceCount else { throw .damaged }
    return (
      HuffmanCode(lengths: Array(lengths[..<literalCount])),
      HuffmanCode(lengths: Array(lengths[literalCount...]))
    )
  }

  // RFC 1951, 3.2.5 and 3.2.7.
  private static let lengthBases = [
    3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131,
    163, 195, 227, 258,
  ]
  private static let lengthExtraBits = [
    0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0,
  ]
  private static let distanceBases = [
    1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537,
    2049, 3073, 4097, 6145, 8193, 12289, 16385, 24577,
  ]
  private static let codeLengthOrder = [
    16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15,
  ]
}

/// A canonical Huffman code: how many codes of each length, and the symbols in code order.
private struct HuffmanCode {
  var counts = [Int](repeating: 0, count: 16)
  var symbols: [Int] = []

  init(lengths: [Int]) {
    for length in 1...15 {
      let members = lengths.indices.filter { lengths[$0] == length }
      counts[length] = members.count
      symbols += members
    }
  }

  static let fixedLiterals = HuffmanCode(
    lengths: (0..<288).map { $0 < 144 ? 8 : $0 < 256 ? 9 : $0 < 280 ? 7 : 8 })
  static let fixedDistances = HuffmanCode(lengths: [Int](repeating: 5, count: 30))
}
