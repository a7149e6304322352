/// A key for random draws: a pure value, so that a draw depends only on what it is for.
///
/// Draws depend on no state, order or threads: recomputation and all processes draw the same numbers. `SplitMix64` as a
/// counter-based generator, with `G` its increment and `mix` its finaliser: the key of a seed is `mix(seed + G)`; child `i` of a
/// key is `mix(key + (i+1)·G)`; number `i` drawn from a key is `mix(key + (i+1)·G)` as well, so a key serves either children or
/// numbers.
public struct RandomKey: Sendable, Hashable {
  @usableFromInline let state: UInt64

  /// The key of a seed.
  @inlinable
  public init(seed: UInt64) { self.init(state: SplitMix64.mixed(seed &+ SplitMix64.increment)) }

  @usableFromInline
  init(state: UInt64) { self.state = state }

  /// Child number `index` of this key.
  public func child(_ index: Int) -> RandomKey { RandomKey(state: bits(index)) }

  /// The named child of this key, by the name's `FNV1a` hash.
  public func child(_ name: String) -> RandomKey {
    child(Int(truncatingIfNeeded: FNV1a(name.utf8).value))
  }

  /// 64 random bits for an element.
  @inlinable @inline(__always)
  public func bits(_ index: Int) -> UInt64 {
    SplitMix64.mixed(state &+ (UInt64(truncatingIfNeeded: index) &+ 1) &* SplitMix64.increment)
  }

  /// A number in [0, 1) for an element, a multiple of 2⁻²⁴.
  @inlinable @inline(__always)
  public func uniform(_ index: Int) -> Float { Float(bits(index) >> 40) * 0x1p-24 }

  /// A number between 0 and 1, both excluded, for an element: an odd multiple of 2⁻⁵⁴.
  public func interior(_ index: Int) -> Double { (Double(bits(index) >> 11) + 0.5) * 0x1p-53 }

  /// An integer in 0 ..< `limit` for an element.
  public func integer(_ index: Int, below limit: Int) -> Int {
    Int(bits(index).multipliedFullWidth(by: UInt64(limit)).high)
  }

  /// The numbers of `range` in random order (Fisher and Yates).
  public func shuffled(_ range: Range<Int>) -> [Int] {
    var values = Array(range)
    for place in values.indices.dropLast() {
      values.swapAt(place, place + integer(place, below: values.count - place))
    }
    return values
  }
}
