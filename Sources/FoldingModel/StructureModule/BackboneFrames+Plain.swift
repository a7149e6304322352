import FoldingCore
import NeuralNet
import NumericArrays
import PlainTensors
import Protein

/// Plain twin of `BackboneFrames`: unit quaternions and translations in units of 10 Å.
struct PlainFrames<Real: RealNumber> {
  /// (w, x, y, z). `[N_res, 4]`
  var quaternions: PlainTensor<Real>
  /// Origins in units of 10 Å. `[N_res, 3]`
  var translations: PlainTensor<Real>

  init(quaternions: PlainTensor<Real>, translations: PlainTensor<Real>) {
    self.quaternions = quaternions
    self.translations = translations
  }

  /// Identity frames at the origin.
  init(identities count: Int) {
    self.quaternions = .oneHot(Array(repeating: 0, count: count), classes: 4)
    self.translations = PlainTensor(repeating: 0, shape: [count, 3])
  }

  /// Frames of a chain of ideal residues, constants.
  init(chain torsions: [BackboneTorsions]) {
    let (frames, count) = (BackboneChain.frames(torsions), torsions.count)
    quaternions = PlainTensor(
      shape: [count, 4], values: frames.flatMap { f in (0..<4).map { Real(f.quaternion[$0]) } },
      isVariable: false)
    translations = PlainTensor(
      shape: [count, 3],
      values: frames.flatMap { f in (0..<3).map { Real(f.translation[$0] / 10) } },
      isVariable: false)
  }

  /// Rotation matrices, quadratic in the quaternions. `[N_res, 3, 3]`
  var rotations: PlainTensor<Real> {
    let squares = einsum("na,nb->nab", quaternions, quaternions)
      .reshaped([quaternions.shape[0], 16])
    return einsum("nq,qr->nr", squares, Self.rotationOfSquares)
      .reshaped([quaternions.shape[0], 3, 3])
  }

  /// Points in the frames, as global points. `[N_res, points, 3]`
  func apply(to points: PlainTensor<Real>) -> PlainTensor<Real> {
    einsum("nxy,npy->npx", rotations, points)
      + translations.reshaped([translations.shape[0], 1, 3])
  }

  /// Global points, as points in the frames. `[N_res, points, 3]`
  func applyInverse(to points: PlainTensor<Real>) -> PlainTensor<Real> {
    einsum(
      "nyx,npy->npx", rotations, points - translations.reshaped([translations.shape[0], 1, 3]))
  }

  /// Plain twin of `BackboneFrames.compose`: lines 2–4 of Algorithm 23, and line 10 of Algorithm 20, which applies the update.
  ///
  /// Line 1, the linear layer, is left to the caller. Quaternions take the place of the matrices of line 3; the length of their
  /// product is the product of their lengths, so the norm of line 2 can be divided out afterwards.
  ///
  /// - Parameter updates: b, c, d of the quaternion (1, b, c, d), and the translation in the old frame. `[N_res, 6]`
  func composed(_ updates: PlainTensor<Real>) -> PlainFrames {
    let count = updates.shape[0]
    let one = PlainTensor<Real>(repeating: 1, shape: [count, 1])
    let update = concatenate([one, updates.slice(0..<3, axis: 1)], axis: 1)  // line 2
    let products = einsum("na,nb->nab", quaternions, update).reshaped([count, 16])
    let q = einsum("np,pq->nq", products, Self.quaternionProduct)
    let t = updates.slice(3..<6, axis: 1).reshaped([count, 1, 3])
    return PlainFrames(
      quaternions: q / sqrt((q * q).sum([1], keeping: true)),  // line 2
      translations: apply(to: t).reshaped([count, 3]))  // line 4, t of T ∘ (R, t)
  }

  /// Row 4a + b: what the product q_a q_b contributes to the rotation matrix.
  private static var rotationOfSquares: PlainTensor<Real> {
    let terms: [(a: Int, b: Int, entry: Int, sign: Real)] = [
      (0, 0, 0, 1), (1, 1, 0, 1), (2, 2, 0, -1), (3, 3, 0, -1),  // ww + xx − yy − zz
      (1, 2, 1, 2), (0, 3, 1, -2),  // 2 (xy − wz)
      (1, 3, 2, 2), (0, 2, 2, 2),  // 2 (xz + wy)
      (1, 2, 3, 2), (0, 3, 3, 2),  // 2 (xy + wz)
      (0, 0, 4, 1), (1, 1, 4, -1), (2, 2, 4, 1), (3, 3, 4, -1),  // ww − xx + yy − zz
      (2, 3, 5, 2), (0, 1, 5, -2),  // 2 (yz − wx)
      (1, 3, 6, 2), (0, 2, 6, -2),  // 2 (xz − wy)
      (2, 3, 7, 2), (0, 1, 7, 2),  // 2 (yz + wx)
      (0, 0, 8, 1), (1, 1, 8, -1), (2, 2, 8, -1), (3, 3, 8, 1),  // ww − xx − yy + zz
    ]
    return table(terms, columns: 9)
  }

  /// Row 4a + b: what the product p_a q_b contributes to the quaternion p q (Hamilton product).
  private static var quaternionProduct: PlainTensor<Real> {
    let terms: [(a: Int, b: Int, entry: Int, sign: Real)] = [
      (0, 0, 0, 1), (1, 1, 0, -1), (2, 2, 0, -1), (3, 3, 0, -1),
      (0, 1, 1, 1), (1, 0, 1, 1), (2, 3, 1, 1), (3, 2, 1, -1),
      (0, 2, 2, 1), (2, 0, 2, 1), (3, 1, 2, 1), (1, 3, 2, -1),
      (0, 3, 3, 1), (3, 0, 3, 1), (1, 2, 3, 1), (2, 1, 3, -1),
    ]
    return table(terms, columns: 4)
  }

  private static func table(
    _ terms: [(a: Int, b: Int, entry: Int, sign: Real)], columns: Int
  ) -> PlainTensor<Real> {
    var values = [Real](repeating: 0, count: 16 * columns)
    for term in terms { values[(term.a * 4 + term.b) * columns + term.entry] += term.sign }
    return PlainTensor(shape: [16, columns], values: values, isVariable: false)
  }

  /// The frames as plain rigid motions, translations times `scale`.
  func rigidTransforms(scale: Real) -> [RigidTransform<Real>] {
    let rotations = rotations.values
    return (0..<quaternions.shape[0]).map { n in
      let row = { (k: Int) in Vector3(rotations, at: n * 3 + k) }
      return RigidTransform(
        rotation: Matrix3(rows: row(0), row(1), row(2)),
        translation: Vector3(translations.values, at: n) * scale)
    }
  }
}
