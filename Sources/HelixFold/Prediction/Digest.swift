import Messages
import NumericArrays

/// A digest by `FNV1a`: tells inputs apart and detects accidental changes, not tampering.
struct Digest {
  private var hash = FNV1a()

  mutating func add(_ bytes: some Sequence<UInt8>) { hash.add(bytes) }

  mutating func add(integers: some Sequence<UInt64>) { hash.add(integers: integers) }

  /// Sixteen hexadecimal digits.
  var text: String { hash.value.hexadecimal }
}
