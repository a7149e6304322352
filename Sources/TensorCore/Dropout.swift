import NumericArrays

/// What random masks are drawn from: every draw is a function of the key and the element's index alone.
///
/// Recomputing and every rank therefore draw the same. The generator is the finaliser of `SplitMix64` applied
/// to key and counter.
public struct DropoutKey: Sendable, Hashable {
  private let value: UInt64

  /// The key of a seed.
  public init(seed: UInt64) { value = SplitMix64.mixed(seed &+ SplitMix64.increment) }

  private init(value: UInt64) { self.value = value }

  /// The key of a numbered part: a step, sample, pass or block.
  public func scoped(_ index: Int) -> DropoutKey {
    let counter = UInt64(bitPattern: Int64(index)) &+ SplitMix64.increment
    return DropoutKey(value: SplitMix64.mixed(value ^ SplitMix64.mixed(counter)))
  }

  /// The key of a named part (FNV-1a hash of the name).
  public func scoped(_ name: String) -> DropoutKey {
    DropoutKey(value: SplitMix64.mixed(value ^ SplitMix64.mixed(FNV1a(name.utf8).value)))
  }

  /// Number `index` of the key's sequence, uniform in [0, 1), a multiple of 2⁻²⁴.
  public func uniform(_ index: Int) -> Float {
    let counter = UInt64(bitPattern: Int64(index)) &* SplitMix64.increment
    let bits = SplitMix64.mixed(value &+ counter)
    return Float(bits >> 40) * 0x1p-24
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
