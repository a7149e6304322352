import CLibrary

/// A floating-point type that code is generic over: `Float` in training and where bits are compared, `Double` to check derivatives.
public protocol RealNumber: BinaryFloatingPoint, Sendable {
  /// The power eˣ.
  static func exponential(_ x: Self) -> Self
  /// Natural logarithm.
  static func logarithm(_ x: Self) -> Self
  /// `log(1 + x)`, exact near 0.
  static func logarithm(onePlus x: Self) -> Self
  /// The power xʸ.
  static func power(_ x: Self, _ y: Self) -> Self
}

extension Float: RealNumber {
  /// The power eˣ.
  @inlinable
  public static func exponential(_ x: Float) -> Float { expf(x) }
  /// Natural logarithm.
  @inlinable
  public static func logarithm(_ x: Float) -> Float { logf(x) }
  /// `log(1 + x)`, exact near 0.
  @inlinable
  public static func logarithm(onePlus x: Float) -> Float { log1pf(x) }
  /// The power xʸ.
  @inlinable
  public static func power(_ x: Float, _ y: Float) -> Float { powf(x, y) }
}

extension Double: RealNumber {
  /// The power eˣ.
  @inlinable
  public static func exponential(_ x: Double) -> Double { exp(x) }
  /// Natural logarithm.
  @inlinable
  public static func logarithm(_ x: Double) -> Double { log(x) }
  /// `log(1 + x)`, exact near 0.
  @inlinable
  public static func logarithm(onePlus x: Double) -> Double { log1p(x) }
  /// The power xʸ.
  @inlinable
  public static func power(_ x: Double, _ y: Double) -> Double { pow(x, y) }
}

extension RealNumber {
  /// `log(1 + eˣ)` without overflow.
  @inlinable
  public static func softplus(_ x: Self) -> Self {
    max(x, 0) + logarithm(onePlus: exponential(-abs(x)))
  }

  /// `1 / (1 + e⁻ˣ)` without overflow.
  @inlinable
  public static func sigmoid(_ x: Self) -> Self {
    x >= 0 ? 1 / (1 + exponential(-x)) : exponential(x) / (1 + exponential(x))
  }
}
