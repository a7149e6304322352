import NumericArrays

extension PlainTensor {
  /// A function of each element, with its derivative as a function of argument and result.
  public func map(
    _ function: (Real) -> Real, derivative: @escaping (_ x: Real, _ y: Real) -> Real
  ) -> PlainTensor {
    let x = values
    let y = x.map(function)
    return PlainTensor(shape: shape, values: y, from: [self]) { gradient in
      [gradient.indices.map { gradient[$0] * derivative(x[$0], y[$0]) }]
    }
  }

  /// One of the four operations on two broadcast tensors.
  private static func combine(
    _ a: PlainTensor, _ b: PlainTensor, _ operation: Arithmetic
  ) -> PlainTensor {
    let shape = broadcastShape(a.shape, b.shape)
    let (a, b) = (a.broadcast(to: shape), b.broadcast(to: shape))
    let (x, y) = (a.values, b.values)
    return PlainTensor(shape: shape, values: operation.values(x, y), from: [a, b]) { gradient in
      operation.gradients(gradient, x, y)
    }
  }

  /// Sum, shapes broadcast from the last axis.
  public static func + (a: PlainTensor, b: PlainTensor) -> PlainTensor { combine(a, b, .sum) }
  /// Difference, shapes broadcast from the last axis.
  public static func - (a: PlainTensor, b: PlainTensor) -> PlainTensor {
    combine(a, b, .difference)
  }
  /// Product of elements, shapes broadcast from the last axis.
  public static func * (a: PlainTensor, b: PlainTensor) -> PlainTensor { combine(a, b, .product) }
  /// Quotient of elements, shapes broadcast from the last axis.
  public static func / (a: PlainTensor, b: PlainTensor) -> PlainTensor { combine(a, b, .quotient) }

  /// Adds a number to every element.
  public static func + (a: PlainTensor, b: Real) -> PlainTensor { a + scalar(b) }
  /// Subtracts a number from every element.
  public static func - (a: PlainTensor, b: Real) -> PlainTensor { a - scalar(b) }
  /// Multiplies every element by a number.
  public static func * (a: PlainTensor, b: Real) -> PlainTensor { a * scalar(b) }
  /// Divides every element by a number.
  public static func / (a: PlainTensor, b: Real) -> PlainTensor { a / scalar(b) }
  /// A number minus every element.
  public static func - (a: Real, b: PlainTensor) -> PlainTensor { scalar(a) - b }
  /// A number times every element.
  public static func * (a: Real, b: PlainTensor) -> PlainTensor { scalar(a) * b }
  /// A number divided by every element.
  public static func / (a: Real, b: PlainTensor) -> PlainTensor { scalar(a) / b }

  private static func scalar(_ value: Real) -> PlainTensor {
    PlainTensor(repeating: value, shape: [])
  }
}

/// Square root of each element.
public func sqrt<Real>(_ x: PlainTensor<Real>) -> PlainTensor<Real> {
  x.map({ $0.squareRoot() }, derivative: { _, y in 1 / (2 * y) })
}

/// `1 / (1 + e⁻ˣ)` of each element.
public func sigmoid<Real>(_ x: PlainTensor<Real>) -> PlainTensor<Real> {
  x.map({ 1 / (1 + Real.exponential(-$0)) }, derivative: { _, y in y * (1 - y) })
}

/// `max(x, 0)` of each element; the derivative at 0 is 0.
public func relu<Real>(_ x: PlainTensor<Real>) -> PlainTensor<Real> { maximum(x, 0) }

/// The larger of each element and a number; the derivative is 0 where the number is not smaller.
public func maximum<Real>(_ x: PlainTensor<Real>, _ bound: Real) -> PlainTensor<Real> {
  x.map({ $0 <= bound ? bound : $0 }, derivative: { x, _ in x <= bound ? 0 : 1 })
}

/// `log(1 + eˣ)` of each element; the exponent is never positive, so nothing overflows.
public func softplus<Real>(_ x: PlainTensor<Real>) -> PlainTensor<Real> {
  x.map(
    { Real.softplus($0) },
    derivative: { x, _ in 1 / (1 + Real.exponential(-x)) })
}

/// The shape that two shapes broadcast to, aligned at the last axis.
private func broadcastShape(_ a: [Int], _ b: [Int]) -> [Int] {
  let rank = max(a.count, b.count)
  let padded = [a, b].map { [Int](repeating: 1, count: rank - $0.count) + $0 }
  return zip(padded[0], padded[1]).map { x, y in
    programmingError(unless: x == y || x == 1 || y == 1, "\(a) and \(b) do not broadcast")
    return x == 1 ? y : x
  }
}

/// The four operations on arrays of one length, and their derivatives.
private enum Arithmetic {
  case sum, difference, product, quotient

  @_specialize(where Real == Float)
  @_specialize(where Real == Double)
  func values<Real: RealNumber>(_ x: [Real], _ y: [Real]) -> [Real] {
    var result = x
    switch self {
    case .sum: for i in x.indices { result[i] += y[i] }
    case .difference: for i in x.indices { result[i] -= y[i] }
    case .product: for i in x.indices { result[i] *= y[i] }
    case .quotient: for i in x.indices { result[i] /= y[i] }
    }
    return result
  }

  @_specialize(where Real == Float)
  @_specialize(where Real == Double)
  func gradients<Real: RealNumber>(_ gradient: [Real], _ x: [Real], _ y: [Real]) -> [[Real]] {
    var (left, right) = (gradient, gradient)
    switch self {
    case .sum: break
    case .difference: for i in x.indices { right[i] = -gradient[i] }
    case .product:
      for i in x.indices {
        left[i] *= y[i]
        right[i] *= x[i]
      }
    case .quotient:
      for i in x.indices {
        left[i] /= y[i]
        right[i] *= -x[i] / (y[i] * y[i])
      }
    }
    return [left, right]
  }
}
