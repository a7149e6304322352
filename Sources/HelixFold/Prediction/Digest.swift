import FeaturePipeline
import Foundation
import NumericArrays

/// A digest by `FNV1a`: tells inputs apart, protects against accidents, not against malice.
struct Digest {
  private var hash = FNV1a()

  mutating func add(_ bytes: some Sequence<UInt8>) { hash.add(bytes) }

  mutating func add(integers: some Sequence<UInt64>) { hash.add(integers: integers) }

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
    let digits = String(hash.value, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
  }
}
