import NumericArrays

/// What random masks are drawn from: every draw is a function of the key and the element's index alone.
///
/// Recomputing and every rank therefore draw the same. The generator is the finaliser of SplitMix64 (Steele, Lea and
/// Flood, OOPSLA 2014) applied to key and counter.
public struct DropoutKey: Sendable, Hashable {
  private let value: UInt64

  /// The key of a seed.
  public init(seed: UInt64) { value = Self.mixed(seed &+ Self.golden) }

  private init(value: UInt64) { self.value = value }

  /// The key of a numbered part: a step, sample, pass or block.
  public func scoped(_ index: Int) -> DropoutKey {
    DropoutKey(
      value: Self.mixed(value ^ Self.mixed(UInt64(bitPattern: Int64(index)) &+ Self.golden)))
  }

  /// The key of a named part (FNV-1a hash of the name).
  public func scoped(_ name: String) -> DropoutKey {
    let hash = name.utf8.reduce(0xcbf2_9ce4_8422_2325 as UInt64) {
      ($0 ^ UInt64($1)) &* 0x100_0000_01b3
    }
    return DropoutKey(value: Self.mixed(value ^ Self.mixed(hash)))
  }

  /// Number `index` of the key's sequence, uniform in [0, 1), a multiple of 2⁻²⁴.
  public func uniform(_ index: Int) -> Float {
    let bits = Self.mixed(value &+ UInt64(bitPattern: Int64(index)) &* Self.golden)
    return Float(bits >> 40) * 0x1p-24
  }

  private static let golden: UInt64 = 0x9e37_79b9_7f4a_7c15

  private static func mixed(_ x: UInt64) -> UInt64 {
    var z = x
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return z ^ (z >> 31)
  }
}

extension ExecutionContext {
  /// Factors that drop a share `rate` of elements and scale up the others: 0 or 1 / (1 − rate), fp32.
  ///
  /// - Returns: nil without dropout.
  public func dropoutMask(_ site: String, rate: Float, _ shape: [Int]) -> Tensor? {
    guard let key = dropout?.scoped(site), rate > 0 else { return nil }
    let mask = empty(shape, .float32)
    let kept = 1 / (1 - rate)
    for index in 0..<mask.count { mask.floats[index] = key.uniform(index) < rate ? 0 : kept }
    return mask
  }
}
