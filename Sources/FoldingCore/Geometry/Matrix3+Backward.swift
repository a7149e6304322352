extension Matrix3 {
  /// Derivative of `init(unitQuaternion:)`: the gradient with respect to (w, x, y, z), given that of the nine entries.
  ///
  /// The entries are quadratic in the quaternion; the unit-length constraint is left to the caller.
  public static func quaternionGradient(
    _ q: SIMD4<Real>, of gradient: Matrix3
  ) -> SIMD4<Real> where Real: SIMDScalar {
    let (w, x, y, z) = (q[0], q[1], q[2], q[3])
    let (a, b, c) = (gradient.row0, gradient.row1, gradient.row2)
    let (xy, xz, yz) = (a.y + b.x, a.z + c.x, b.z + c.y)
    let (turnX, turnY, turnZ) = (c.y - b.z, a.z - c.x, b.x - a.y)
    let dw: Real = w * (a.x + b.y + c.z) + x * turnX + y * turnY + z * turnZ
    let dx: Real = x * (a.x - b.y - c.z) + w * turnX + y * xy + z * xz
    let dy: Real = y * (b.y - a.x - c.z) + w * turnY + x * xy + z * yz
    let dz: Real = z * (c.z - a.x - b.y) + w * turnZ + x * xz + y * yz
    return SIMD4(2 * dw, 2 * dx, 2 * dy, 2 * dz)
  }
}
