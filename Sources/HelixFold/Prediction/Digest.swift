import FeaturePipeline
import Foundation

/// A 64-bit FNV-1a digest: tells inputs apart, protects against accidents, not against malice.
struct Digest {
  private var state: UInt64 = 0xCBF2_9CE4_8422_2325

  mutating func add(_ bytes: some Sequence<UInt8>) {
    for byte in bytes { state = (state ^ UInt64(byte)) &* 0x100_0000_01B3 }
  }

  mutating func add(integers: some Sequence<UInt64>) {
    for integer in integers { state = (state ^ integer) &* 0x100_0000_01B3 }
  }

  /// The digest of a file's bytes.
  static func ofFile(_ path: String) throws -> String {
    guard let handle = FileHandle(forReadingAtPath: path) else {
      throw InputError.unreadable(file: path, reason: "no such file or no permission")
    }
    var digest = Digest()
    while let chunk = try handle.read(upToCount: 1 << 20), !chunk.isEmpty {
      chunk.withUnsafeBytes { digest.add($0) }
    }
    return digest.text
  }

  /// Sixteen hexadecimal digits.
  var text: String {
    let digits = String(state, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
  }
}
