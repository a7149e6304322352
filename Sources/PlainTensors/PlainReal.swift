import CLibrary

/// The numbers of plain tensors: `Float` to compare bits and rounding, `Double` to check derivatives.
public protocol PlainReal: BinaryFloatingPoint, Sendable {
  /// `eˣ`
  static func exponential(_ x: Self) -> Self
  /// Natural logarithm.
  static func logarithm(_ x: Self) -> Self
  /// `log(1 + x)`, exact near 0.
  static func logarithm(onePlus x: Self) -> Self
}

extension Float: PlainReal {
  /// The power eˣ.
  public static func exponential(_ x: Float) -> Float { exp(x) }
  /// Natural logarithm.
  public static func logarithm(_ x: Float) -> Float { log(x) }
  /// `log(1 + x)`, exact near 0.
  public static func logarithm(onePlus x: Float) -> Float { log1p(x) }
}

extension Double: PlainReal {
  /// The power eˣ.
  public static func exponential(_ x: Double) -> Double { exp(x) }
  /// Natural logarithm.
  public static func logarithm(_ x: Double) -> Double { log(x) }
  /// `log(1 + x)`, exact near 0.
  public static func logarithm(onePlus x: Double) -> Double { log1p(x) }
}
