/// A vector in three-dimensional space: a point or a direction, Å unless said otherwise.
@frozen
public struct Vector3<Real: BinaryFloatingPoint & Sendable>: Hashable, Sendable {
  /// First coordinate.
  public var x: Real
  /// Second coordinate.
  public var y: Real
  /// Third coordinate.
  public var z: Real

  /// The vector with the given coordinates.
  @inlinable
  public init(_ x: Real, _ y: Real, _ z: Real) {
    self.x = x
    self.y = y
    self.z = z
  }

  /// Coordinates `3 * index ..< 3 * index + 3` of a flat list.
  @inlinable
  public init(_ flat: [Real], at index: Int) {
    self.init(flat[3 * index], flat[3 * index + 1], flat[3 * index + 2])
  }

  /// The origin.
  @inlinable
  public static var zero: Vector3 { Vector3(0, 0, 0) }

  /// Sum of two vectors.
  @inlinable
  public static func + (a: Vector3, b: Vector3) -> Vector3 {
    Vector3(a.x + b.x, a.y + b.y, a.z + b.z)
  }

  /// Difference of two vectors.
  @inlinable
  public static func - (a: Vector3, b: Vector3) -> Vector3 {
    Vector3(a.x - b.x, a.y - b.y, a.z - b.z)
  }

  /// The vector with its direction reversed.
  @inlinable
  public static prefix func - (a: Vector3) -> Vector3 { Vector3(-a.x, -a.y, -a.z) }

  /// Multiple of a vector.
  @inlinable
  public static func * (a: Vector3, factor: Real) -> Vector3 {
    Vector3(a.x * factor, a.y * factor, a.z * factor)
  }

  /// Adds a vector.
  @inlinable
  public static func += (a: inout Vector3, b: Vector3) { a = a + b }

  /// Subtracts a vector.
  @inlinable
  public static func -= (a: inout Vector3, b: Vector3) { a = a - b }

  /// Dot product.
  @inlinable
  public func dot(_ other: Vector3) -> Real { x * other.x + y * other.y + z * other.z }

  /// Cross product.
  @inlinable
  public func cross(_ other: Vector3) -> Vector3 {
    Vector3(
      y * other.z - z * other.y, z * other.x - x * other.z, x * other.y - y * other.x)
  }

  /// Square of the length.
  @inlinable
  public var squaredLength: Real { dot(self) }

  /// The vector divided by `√(length² + 10⁻⁸)`: finite for the zero vector, as in the released code.
  @inlinable
  public var robustlyNormalized: Vector3 { self * (1 / (squaredLength + 1e-8).squareRoot()) }

  /// The same vector in another precision.
  @inlinable
  public func converted<Other>(to type: Other.Type = Other.self) -> Vector3<Other> {
    Vector3<Other>(Other(x), Other(y), Other(z))
  }
}
