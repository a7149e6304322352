extension RigidTransform {
  /// Derivative of `composed(with:)`: the gradients of `self` and `other` from that of `self ∘ other`.
  ///
  /// `R = R₁ R₂` and `t = R₁ t₂ + t₁`, with all entries of the rotations independent.
  public func gradients(
    composing other: RigidTransform, from gradient: RigidGradient<Real>
  ) -> (outer: RigidGradient<Real>, inner: RigidGradient<Real>) {
    let outer = RigidGradient(
      rotation: gradient.rotation * other.rotation.transposed
        + Matrix3(outer: gradient.translation, other.translation),
      translation: gradient.translation)
    let inner = RigidGradient(
      rotation: rotation.transposed * gradient.rotation,
      translation: rotation.transposeTimes(gradient.translation))
    return (outer, inner)
  }
}
