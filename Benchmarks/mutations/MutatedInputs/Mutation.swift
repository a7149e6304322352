import NumericArrays

extension SplitMix64 {
  /// A number of 0 ..< `bound`.
  mutating func below(_ bound: Int) -> Int { Int(next() % UInt64(max(1, bound))) }
}

/// Changes a file at random places, as disks, editors, copies and attackers do.
struct Mutation {
  private var generator: SplitMix64

  /// The changes of one input; the same numbers give the same changes.
  init(seed: UInt64, input: Int) {
    var mixer = SplitMix64(seed: seed ^ UInt64(truncatingIfNeeded: input) &* 0xD1B5_4A32_D192_ED03)
    generator = SplitMix64(seed: mixer.next())
  }

  /// Bytes that mean something in one of the formats.
  private static let telling: [UInt8] =
    Array(">#-.*_;:,'\"{}[]()\n\r\t\0 aAzZ019eE+".utf8) + [0x7F, 0x80, 0xFF]
  /// Texts that readers trip over.
  private static let phrases: [[UInt8]] = [
    "99999999999999999999", "-9223372036854775808", "1e400", "nan", "-0", "\r\n", "loop_\n",
    "data_x\n", "\n;\n", ">\n", "No 1\n", "//\n", "null", "ATOM  ", "ENDMDL\n", "{\"preset\":",
  ].map { Array($0.utf8) }

  /// One to eight changes, or now and then a completely random file.
  mutating func applied(to original: [UInt8]) -> [UInt8] {
    if generator.below(500) == 0 {
      return (0..<generator.below(300)).map { _ in UInt8(generator.below(256)) }
    }
    var bytes = original
    for _ in 0...generator.below(8) where !bytes.isEmpty { change(&bytes) }
    return bytes
  }

  private mutating func change(_ bytes: inout [UInt8]) {
    let place = generator.below(bytes.count)
    let end = min(bytes.count, place + generator.below(64))
    switch generator.below(9) {
    case 0: bytes[place] ^= 1 << UInt8(generator.below(8))
    case 1: bytes[place] = UInt8(generator.below(256))
    case 2: bytes[place] = Self.telling[generator.below(Self.telling.count)]
    case 3: bytes.removeSubrange(place..<end)
    case 4: bytes.insert(contentsOf: bytes[place..<end], at: generator.below(bytes.count))
    case 5: bytes.insert(contentsOf: Self.phrases[generator.below(Self.phrases.count)], at: place)
    case 6: number(&bytes, place)
    case 7: repeatRun(&bytes, place..<end)
    default: bytes.removeLast(generator.below(4) == 0 ? bytes.count - place : end - place)
    }
  }

  /// Overwrites a binary integer of 1, 2, 4 or 8 bytes with an extreme one.
  private mutating func number(_ bytes: inout [UInt8], _ place: Int) {
    let width = 1 << generator.below(4)
    let extremes: [UInt64] = [0, 1, .max, 1 << 31, (1 << 31) - 1, 1 << 63, (1 << 63) - 1, 1 << 40]
    let value = extremes[generator.below(extremes.count)]
    for byte in 0..<width where place + byte < bytes.count {
      bytes[place + byte] = UInt8(truncatingIfNeeded: value >> UInt64(8 * byte))
    }
  }

  /// Writes a run many times over: long lines, deep nesting.
  private mutating func repeatRun(_ bytes: inout [UInt8], _ run: Range<Int>) {
    let part = Array(bytes[run])
    let copies = generator.below(200)
    bytes.insert(contentsOf: repeatElement(part, count: copies).joined(), at: run.lowerBound)
  }
}
