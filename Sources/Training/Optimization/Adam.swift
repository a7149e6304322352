import FoldingCore
import NumericArrays

/// Constants of Adam.
///
/// Kingma and Ba 2015; values of Suppl. 1.11.3.
public struct AdamConfig: Codable, Hashable, Sendable {
  /// Decay of the first moment.
  public var beta1 = 0.9
  /// Decay of the second moment.
  public var beta2 = 0.999
  /// Added to the root of the second moment.
  public var epsilon = 1e-6
  /// How the moments are stored.
  public var moments = MomentPrecision.float32

  /// The values of AlphaFold2 and HelixFold.
  public init() {}
}

/// Storage of Adam's moments; arithmetic is always in `Float`.
public enum MomentPrecision: String, ConfigurationChoice {
  /// 8 bytes per parameter.
  case float32
  /// 4 bytes per parameter, stochastically rounded: follows the exact moments on average.
  case bfloat16
  /// 4 bytes per parameter, rounded to nearest. The second moment stagnates: a control for tests, not for use.
  case bfloat16Nearest = "bfloat16_nearest"
}

/// Adam on one flat buffer.
public struct Adam: Sendable {
  /// Constants.
  public let config: AdamConfig
  /// Updates made.
  public internal(set) var updates = 0
  var first: MomentBuffer
  var second: MomentBuffer
  let seed: UInt64

  /// Moments of 0 for a buffer of `count` elements.
  ///
  /// - Parameter seed: of the stochastic rounding.
  public init(count: Int, config: AdamConfig = AdamConfig(), seed: UInt64 = 0) {
    self.config = config
    self.seed = seed
    first = MomentBuffer(count: count, precision: config.moments)
    second = first
  }

  /// Whether an update would leave weights and moments finite, with room for averages and factors; changes nothing.
  ///
  /// Reads everything that the update will read, so that no copy is needed to undo an update.
  func staysFinite(_ parameters: [Float], gradient: [Float], rate: Double) -> Bool {
    let rule = AdamRule(config, updates: updates + 1, rate: rate)
    return parameters.withUnsafeBufferPointer { w in
      gradient.withUnsafeBufferPointer { g in
        config.moments == .float32
          ? rule.isSound(first.floats, second.floats, g, w)
          : rule.isSound(first.halves, second.halves, g, w)
      }
    }
  }

  /// `w ← w − rate · m̂ / (√v̂ + ε)` with the moments' bias corrected.
  public mutating func update(_ parameters: inout [Float], gradient: [Float], rate: Double) {
    programmingError(
      unless: parameters.count == gradient.count && first.count == gradient.count,
      "Adam: parameters, gradient and moments must have one layout")
    let rounding =
      config.moments == .bfloat16 ? RandomKey(seed: seed).child("rounding").child(updates) : nil
    updates += 1
    let rule = AdamRule(config, updates: updates, rate: rate)
    parameters.withUnsafeMutableBufferPointer { w in
      gradient.withUnsafeBufferPointer { g in
        if config.moments == .float32 {
          rule.apply(&first.floats, &second.floats, g, w)
        } else {
          rule.apply(&first.halves, &second.halves, g, w, rounding: rounding)
        }
      }
    }
  }
}

/// One of Adam's moments: one of the two arrays is empty, so that the other is changed in place.
struct MomentBuffer: Sendable, Hashable {
  var floats: [Float] = []
  var halves: [BFloat16] = []

  init(floats: [Float]) { self.floats = floats }

  init(halves: [BFloat16]) { self.halves = halves }

  init(count: Int, precision: MomentPrecision) {
    switch precision {
    case .float32: floats = [Float](repeating: 0, count: count)
    case .bfloat16, .bfloat16Nearest:
      halves = [BFloat16](repeating: BFloat16(bitPattern: 0), count: count)
    }
  }

  var count: Int { max(floats.count, halves.count) }
}

/// The arithmetic of one update, in `Float`.
private struct AdamRule {
  let beta1, beta2, epsilon, firstScale, secondScale: Float

  init(_ config: AdamConfig, updates: Int, rate: Double) {
    (beta1, beta2) = (Float(config.beta1), Float(config.beta2))
    epsilon = Float(config.epsilon)
    func correction(_ beta: Double) -> Double {
      1 / (1 - Double.power(beta, Double(updates)))
    }
    firstScale = Float(rate * correction(config.beta1))
    secondScale = Float(correction(config.beta2))
  }

  @inline(__always)
  func step(_ g: Float, _ m: inout Float, _ v: inout Float) -> Float {
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g * g
    return firstScale * m / ((secondScale * v).squareRoot() + epsilon)
  }

  /// Eight elements at a time, with the same operations in the same order as the scalar step.
  @inline(__always)
  func step(_ g: SIMD8<Float>, _ m: inout SIMD8<Float>, _ v: inout SIMD8<Float>) -> SIMD8<Float> {
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g * g
    return firstScale * m / ((secondScale * v).squareRoot() + epsilon)
  }

  /// Largest weight that an update may produce: far above any useful weight, far below what makes a factor or an average of weights
  /// overflow.
  private static let weightLimit: Float = 1e30
  /// Largest moment; rounding to BFloat16 leaves it finite.
  private static let momentLimit: Float = 1e38

  /// Whether a step leaves an element within the limits; NaN never is.
  @inline(__always)
  private func isSound(_ w: Float, _ g: Float, _ first: Float, _ second: Float) -> Bool {
    var (m, v) = (first, second)
    let moved = w - step(g, &m, &v)
    return abs(moved) < Self.weightLimit && abs(m) < Self.momentLimit && v < Self.momentLimit
  }

  func isSound(
    _ first: [Float], _ second: [Float], _ g: UnsafeBufferPointer<Float>,
    _ w: UnsafeBufferPointer<Float>
  ) -> Bool {
    let whole = g.count / 8 * 8
    typealias Block = SIMD8<Float>
    let weights = Block(repeating: Self.weightLimit)
    let moments = Block(repeating: Self.momentLimit)
    var sound = SIMDMask<Block.MaskStorage>(repeating: true)
    first.withUnsafeBytes { first in
      second.withUnsafeBytes { second in
        let (gBytes, wBytes) = (UnsafeRawBufferPointer(g), UnsafeRawBufferPointer(w))
        for offset in stride(from: 0, to: whole * 4, by: 32) {
          var m = first.loadUnaligned(fromByteOffset: offset, as: Block.self)
          var v = second.loadUnaligned(fromByteOffset: offset, as: Block.self)
          let gradient = gBytes.loadUnaligned(fromByteOffset: offset, as: Block.self)
          let moved =
            wBytes.loadUnaligned(fromByteOffset: offset, as: Block.self) - step(gradient, &m, &v)
          sound .&= (moved .< weights) .& (moved .> -weights)
          sound .&= (m .< moments) .& (m .> -moments) .& (v .< moments)
        }
      }
    }
    let rest = whole..<g.count
    return all(sound) && rest.allSatisfy { isSound(w[$0], g[$0], first[$0], second[$0]) }
  }

  func isSound(
    _ first: [BFloat16], _ second: [BFloat16], _ g: UnsafeBufferPointer<Float>,
    _ w: UnsafeBufferPointer<Float>
  ) -> Bool {
    g.indices.allSatisfy { isSound(w[$0], g[$0], Float(first[$0]), Float(second[$0])) }
  }

  func apply(
    _ first: inout [Float], _ second: inout [Float], _ g: UnsafeBufferPointer<Float>,
    _ w: UnsafeMutableBufferPointer<Float>
  ) {
    let whole = g.count / 8 * 8
    first.withUnsafeMutableBytes { first in
      second.withUnsafeMutableBytes { second in
        let (gBytes, wBytes) = (UnsafeRawBufferPointer(g), UnsafeMutableRawBufferPointer(w))
        for offset in stride(from: 0, to: whole * 4, by: 32) {
          var m = first.loadUnaligned(fromByteOffset: offset, as: SIMD8<Float>.self)
          var v = second.loadUnaligned(fromByteOffset: offset, as: SIMD8<Float>.self)
          let gradient = gBytes.loadUnaligned(fromByteOffset: offset, as: SIMD8<Float>.self)
          let weights = wBytes.loadUnaligned(fromByteOffset: offset, as: SIMD8<Float>.self)
          let moved = weights - step(gradient, &m, &v)
          wBytes.storeBytes(of: moved, toByteOffset: offset, as: SIMD8<Float>.self)
          first.storeBytes(of: m, toByteOffset: offset, as: SIMD8<Float>.self)
          second.storeBytes(of: v, toByteOffset: offset, as: SIMD8<Float>.self)
        }
      }
    }
    for k in whole..<g.count { w[k] -= step(g[k], &first[k], &second[k]) }
  }

  func apply(
    _ first: inout [BFloat16], _ second: inout [BFloat16], _ g: UnsafeBufferPointer<Float>,
    _ w: UnsafeMutableBufferPointer<Float>, rounding: RandomKey?
  ) {
    first.withUnsafeMutableBufferPointer { first in
      second.withUnsafeMutableBufferPointer { second in
        for k in 0..<g.count {
          var (m, v) = (Float(first[k]), Float(second[k]))
          w[k] -= step(g[k], &m, &v)
          if let rounding {
            let bits = rounding.bits(k)
            first[k] = BFloat16(stochastically: m, bits: UInt16(truncatingIfNeeded: bits))
            second[k] = BFloat16(stochastically: v, bits: UInt16(truncatingIfNeeded: bits >> 16))
          } else {
            (first[k], second[k]) = (BFloat16(m), BFloat16(v))
          }
        }
      }
    }
  }
}
