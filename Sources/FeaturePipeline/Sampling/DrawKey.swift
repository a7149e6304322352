import NumericArrays

/// A key for random draws: a pure value, so that a draw depends on what it is for and on nothing else.
///
/// `SplitMix64` used as a counter-based generator. With `G` its increment and `mix` its finaliser: the key of a seed
/// is `mix(seed + G)`; child `i` of a key is `mix(key + (i+1)·G)`;
/// number `i` drawn from a key is `mix(key + (i+1)·G)` as well, so a key serves either children or numbers.
/// Draws for one target use the path seed → pass → ensemble member → site (`DrawSite`) → element index.
public struct DrawKey: Sendable, Hashable {
  private let state: UInt64

  /// The key of a seed.
  public init(seed: UInt64) { state = SplitMix64.mixed(seed &+ SplitMix64.increment) }

  private init(state: UInt64) { self.state = state }

  /// The key with number `index` below this one.
  public func child(_ index: Int) -> DrawKey { DrawKey(state: bits(index)) }

  /// 64 random bits for an element.
  @inline(__always)
  public func bits(_ index: Int) -> UInt64 {
    SplitMix64.mixed(state &+ (UInt64(truncatingIfNeeded: index) &+ 1) &* SplitMix64.increment)
  }

  /// A number in [0, 1) for an element, a multiple of 2⁻²⁴.
  @inline(__always)
  public func uniform(_ index: Int) -> Float { Float(bits(index) >> 40) * 0x1p-24 }

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

/// What a number is drawn for; the raw value is part of the key's path.
enum DrawSite: Int {
  case blockDeletion, rowOrder, maskedCells, replacements, extraRows
}
