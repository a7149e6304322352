/// A 3×3 matrix, row-major: a rotation, or the gradient of a loss with respect to its nine entries.
@frozen
public struct Matrix3<Real: BinaryFloatingPoint & Sendable>: Hashable, Sendable {
  /// First row.
  public var row0: Vector3<Real>
  /// Second row.
  public var row1: Vector3<Real>
  /// Third row.
  public var row2: Vector3<Real>

  /// The matrix with the given rows.
  @inlinable
  public init(rows row0: Vector3<Real>, _ row1: Vector3<Real>, _ row2: Vector3<Real>) {
    self.row0 = row0
    self.row1 = row1
    self.row2 = row2
  }

  /// The matrix with the given columns.
  @inlinable
  public init(columns a: Vector3<Real>, _ b: Vector3<Real>, _ c: Vector3<Real>) {
    self.init(
      rows: Vector3(a.x, b.x, c.x), Vector3(a.y, b.y, c.y), Vector3(a.z, b.z, c.z))
  }

  /// `a bᵀ`.
  @inlinable
  public init(outer a: Vector3<Real>, _ b: Vector3<Real>) {
    self.init(rows: b * a.x, b * a.y, b * a.z)
  }

  /// The rotation of a quaternion (w, x, y, z) of unit length; q and −q give the same one.
  @inlinable
  public init(unitQuaternion w: Real, _ x: Real, _ y: Real, _ z: Real) {
    self.init(
      rows: Vector3(w * w + x * x - y * y - z * z, 2 * (x * y - w * z), 2 * (x * z + w * y)),
      Vector3(2 * (x * y + w * z), w * w - x * x + y * y - z * z, 2 * (y * z - w * x)),
      Vector3(2 * (x * z - w * y), 2 * (y * z + w * x), w * w - x * x - y * y + z * z))
  }

  /// The rotation about the x axis by an angle given as sine and cosine.
  ///
  /// Algorithm 25 (Jumper et al. 2021, Suppl. 1.8.4, makeRotX).
  @inlinable
  public init(aboutXSine sine: Real, cosine: Real) {
    self.init(rows: Vector3(1, 0, 0), Vector3(0, cosine, -sine), Vector3(0, sine, cosine))
  }

  /// The identity.
  @inlinable
  public static var identity: Matrix3 {
    Matrix3(rows: Vector3(1, 0, 0), Vector3(0, 1, 0), Vector3(0, 0, 1))
  }

  /// The matrix of zeros.
  @inlinable
  public static var zero: Matrix3 { Matrix3(rows: .zero, .zero, .zero) }

  /// The matrix with rows and columns exchanged: the inverse of a rotation.
  @inlinable
  public var transposed: Matrix3 { Matrix3(columns: row0, row1, row2) }

  /// Matrix times column vector.
  @inlinable
  public static func * (a: Matrix3, v: Vector3<Real>) -> Vector3<Real> {
    Vector3(a.row0.dot(v), a.row1.dot(v), a.row2.dot(v))
  }

  /// `aᵀ v`, the inverse rotation applied to a vector.
  @inlinable
  public func transposeTimes(_ v: Vector3<Real>) -> Vector3<Real> {
    row0 * v.x + row1 * v.y + row2 * v.z
  }

  /// Matrix product.
  @inlinable
  public static func * (a: Matrix3, b: Matrix3) -> Matrix3 {
    Matrix3(rows: b.transposeTimes(a.row0), b.transposeTimes(a.row1), b.transposeTimes(a.row2))
  }

  /// Sum of two matrices.
  @inlinable
  public static func + (a: Matrix3, b: Matrix3) -> Matrix3 {
    Matrix3(rows: a.row0 + b.row0, a.row1 + b.row1, a.row2 + b.row2)
  }

  /// Adds a matrix.
  @inlinable
  public static func += (a: inout Matrix3, b: Matrix3) { a = a + b }

  /// The same matrix in another precision.
  @inlinable
  public func converted<Other>(to type: Other.Type = Other.self) -> Matrix3<Other> {
    Matrix3<Other>(rows: row0.converted(), row1.converted(), row2.converted())
  }
}
