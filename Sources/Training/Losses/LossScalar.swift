import CLibrary

/// A precision in which losses are computed: `Float` in training, `Double` where they are checked.
public protocol LossScalar: BinaryFloatingPoint, Sendable {
  /// `e^x`.
  static func exp(_ x: Self) -> Self
  /// Natural logarithm.
  static func log(_ x: Self) -> Self
  /// `log(1 + x)`, exact for small x.
  static func log1p(_ x: Self) -> Self
  /// `x^y`.
  static func pow(_ x: Self, _ y: Self) -> Self
}

extension Float: LossScalar {
  /// `e^x`.
  @inlinable
  public static func exp(_ x: Float) -> Float { expf(x) }
  /// Natural logarithm.
  @inlinable
  public static func log(_ x: Float) -> Float { logf(x) }
  /// `log(1 + x)`, exact for small x.
  @inlinable
  public static func log1p(_ x: Float) -> Float { log1pf(x) }
  /// `x^y`.
  @inlinable
  public static func pow(_ x: Float, _ y: Float) -> Float { powf(x, y) }
}

extension Double: LossScalar {
  /// `e^x`.
  @inlinable
  public static func exp(_ x: Double) -> Double { systemExp(x) }
  /// Natural logarithm.
  @inlinable
  public static func log(_ x: Double) -> Double { systemLog(x) }
  /// `log(1 + x)`, exact for small x.
  @inlinable
  public static func log1p(_ x: Double) -> Double { systemLog1p(x) }
  /// `x^y`.
  @inlinable
  public static func pow(_ x: Double, _ y: Double) -> Double { systemPow(x, y) }
}

// Inside the extension of `Double` the C functions are hidden by the members of the same name.
@usableFromInline func systemExp(_ x: Double) -> Double { exp(x) }
@usableFromInline func systemLog(_ x: Double) -> Double { log(x) }
@usableFromInline func systemLog1p(_ x: Double) -> Double { log1p(x) }
@usableFromInline func systemPow(_ x: Double, _ y: Double) -> Double { pow(x, y) }

extension LossScalar {
  /// `log(1 + e^x)` without overflow.
  static func softplus(_ x: Self) -> Self { max(x, 0) + log1p(exp(-abs(x))) }

  /// `1 / (1 + e^−x)` without overflow.
  static func sigmoid(_ x: Self) -> Self {
    x >= 0 ? 1 / (1 + exp(-x)) : exp(x) / (1 + exp(x))
  }
}

/// Value of a loss term and its derivative with respect to what it reads.
public struct LossTerm<Real: LossScalar, Gradient: Sendable>: Sendable {
  /// The loss.
  public var value: Real
  /// Its derivative, in the shape of the input.
  public var gradient: Gradient

  /// A term with its gradient.
  public init(value: Real, gradient: Gradient) {
    self.value = value
    self.gradient = gradient
  }
}
