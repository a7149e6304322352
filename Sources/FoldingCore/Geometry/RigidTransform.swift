/// A rigid motion `x ↦ R x + t`: the frame of a residue or of a rigid group of atoms.
///
/// As a frame it maps local coordinates to global ones. In memory it is the nine entries of the rotation, row-major,
/// then the translation: the flat layout of twelve numbers of the released code (`flat12`).
/// Jumper et al. 2021, Suppl. 1.1.
@frozen
public struct RigidTransform<Real: BinaryFloatingPoint & Sendable>: Hashable, Sendable {
  /// The rotation.
  public var rotation: Matrix3<Real>
  /// The translation: the origin of the frame, Å.
  public var translation: Vector3<Real>

  /// The motion with the given parts.
  @inlinable
  public init(rotation: Matrix3<Real>, translation: Vector3<Real>) {
    self.rotation = rotation
    self.translation = translation
  }

  /// The motion that leaves everything in place.
  @inlinable
  public static var identity: RigidTransform {
    RigidTransform(rotation: .identity, translation: .zero)
  }

  /// The frame spanned by three points, by Gram–Schmidt orthogonalisation.
  ///
  /// Algorithm 21 (Jumper et al. 2021, Suppl. 1.8.1, rigidFrom3Points). The backbone frame is
  /// `init(pointOnNegativeX: C, origin: CA, pointInXYPlane: N)` turned by 180° about y, which puts C at positive x.
  ///
  /// - Departure: the released code's argument order and sign: the first point lies on the *negative* x axis,
  ///   and lengths carry `10⁻⁸` inside the root, so that coinciding points give finite numbers.
  @inlinable
  public init(
    pointOnNegativeX: Vector3<Real>, origin: Vector3<Real>, pointInXYPlane: Vector3<Real>
  ) {
    let v1 = origin - pointOnNegativeX
    let v2 = pointInXYPlane - origin
    let e1 = v1.robustlyNormalized
    let e2 = (v2 - e1 * v2.dot(e1)).robustlyNormalized
    self.init(rotation: Matrix3(columns: e1, e2, e1.cross(e2)), translation: origin)
  }

  /// The motion with a translation and the rotation of a quaternion (w, x, y, z), which is normalised first.
  ///
  /// - Precondition: the quaternion is not zero.
  @inlinable
  public init(quaternion w: Real, _ x: Real, _ y: Real, _ z: Real, translation: Vector3<Real>) {
    let scale = 1 / (w * w + x * x + y * y + z * z).squareRoot()
    self.init(
      rotation: Matrix3(unitQuaternion: w * scale, x * scale, y * scale, z * scale),
      translation: translation)
  }

  /// Twelve numbers from `offset` on: rotation row-major, then translation.
  @inlinable
  public init(flat12 values: [Real], at offset: Int = 0) {
    let v = { (k: Int) in
      Vector3(values[offset + k], values[offset + k + 1], values[offset + k + 2])
    }
    self.init(rotation: Matrix3(rows: v(0), v(3), v(6)), translation: v(9))
  }

  /// The twelve numbers: rotation row-major, then translation.
  @inlinable
  public var flat12: [Real] {
    [rotation.row0, rotation.row1, rotation.row2, translation].flatMap { [$0.x, $0.y, $0.z] }
  }

  /// The image of a point.
  @inlinable
  public func apply(to point: Vector3<Real>) -> Vector3<Real> { rotation * point + translation }

  /// The point whose image is given: global to local coordinates.
  @inlinable
  public func applyInverse(to point: Vector3<Real>) -> Vector3<Real> {
    rotation.transposeTimes(point - translation)
  }

  /// `self ∘ other`: first `other`, then `self`.
  @inlinable
  public func composed(with other: RigidTransform) -> RigidTransform {
    RigidTransform(
      rotation: rotation * other.rotation, translation: apply(to: other.translation))
  }

  /// The motion preceded by a rotation.
  @inlinable
  public func composed(with other: Matrix3<Real>) -> RigidTransform {
    RigidTransform(rotation: rotation * other, translation: translation)
  }

  /// The same motion in another precision.
  @inlinable
  public func converted<Other>(to type: Other.Type = Other.self) -> RigidTransform<Other> {
    RigidTransform<Other>(rotation: rotation.converted(), translation: translation.converted())
  }
}

/// Gradient of a scalar with respect to a rigid motion.
///
/// The nine entries of the rotation are regarded as independent numbers, as automatic differentiation does: there is no
/// projection onto the rotations. Where the rotation was made from a quaternion, its gradient follows from this one.
@frozen
public struct RigidGradient<Real: BinaryFloatingPoint & Sendable>: Hashable, Sendable {
  /// ∂/∂R, entry by entry.
  public var rotation: Matrix3<Real>
  /// ∂/∂t.
  public var translation: Vector3<Real>

  /// A gradient with the given parts.
  @inlinable
  public init(rotation: Matrix3<Real>, translation: Vector3<Real>) {
    self.rotation = rotation
    self.translation = translation
  }

  /// Twelve numbers from `offset` on, in the order of `RigidTransform.flat12`.
  @inlinable
  public init(flat12 values: [Real], at offset: Int = 0) {
    let entries = RigidTransform(flat12: values, at: offset)
    self.init(rotation: entries.rotation, translation: entries.translation)
  }

  /// The twelve numbers: ∂/∂R row-major, then ∂/∂t.
  @inlinable
  public var flat12: [Real] {
    RigidTransform(rotation: rotation, translation: translation).flat12
  }

  /// The gradient of a constant.
  @inlinable
  public static var zero: RigidGradient { RigidGradient(rotation: .zero, translation: .zero) }

  /// Adds a gradient.
  @inlinable
  public static func += (a: inout RigidGradient, b: RigidGradient) {
    a.rotation += b.rotation
    a.translation += b.translation
  }
}
