import NumericArrays

/// Value of a loss term and its derivative with respect to what it reads.
public struct LossTerm<Real: RealNumber, Gradient: Sendable>: Sendable {
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
