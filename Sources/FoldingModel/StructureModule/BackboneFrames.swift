import FoldingCore
import NeuralNet
import Protein
import TensorCore

/// The frames of all residues as the structure module carries them: unit quaternions and translations in units of 10 Å.
///
/// As in the released code derivatives pass from one iteration to the next through translations only; rotations that
/// an iteration starts from are constants to it (`stop_gradient` in `FoldIteration`).
struct BackboneFrames: Sendable {
  /// Quaternion (w, x, y, z) of each residue, of unit length.
  var quaternions: [SIMD4<Float>]
  /// Origin of each residue, 10 Å.
  var translations: [Vector3<Float>]
  /// The same frames as losses read them, by which derivatives find their gradient.
  ///
  /// Rotation row-major, then translation, Å. Nil for constants and without a tape. `[N_res, 12]`
  var traced: Tensor?

  /// Identity frames at the origin: "black hole" initialisation.
  init(identities count: Int) {
    quaternions = Array(repeating: SIMD4(1, 0, 0, 0), count: count)
    translations = Array(repeating: .zero, count: count)
  }

  /// Frames of a chain of ideal residues.
  init(chain torsions: [BackboneTorsions]) {
    let frames = BackboneChain.frames(torsions)
    quaternions = frames.map { SIMD4<Float>($0.quaternion) }
    translations = frames.map {
      let t = SIMD3<Float>($0.translation / Double(StructureModule.positionScale))
      return Vector3(t.x, t.y, t.z)
    }
  }

  /// The rotation of residue `i`.
  func rotation(_ i: Int) -> Matrix3<Float> {
    let q = quaternions[i]
    return Matrix3(unitQuaternion: q.x, q.y, q.z, q.w)
  }

  /// Frame of residue `i` with its translation multiplied by `scale`.
  func frame(_ i: Int, scale: Float = 1) -> RigidTransform<Float> {
    RigidTransform(rotation: rotation(i), translation: translations[i] * scale)
  }

  /// Composes every frame with a small update: a rotation given by the vector part of a quaternion (1, b, c, d),
  /// and a translation in the old frame.
  ///
  /// Algorithm 23 (Jumper et al. 2021, Suppl. 1.8.3).
  ///
  /// - Parameter updates: b, c, d and the translation. `[N_res, 6]`
  mutating func compose(_ updates: Tensor, _ context: ExecutionContext) {
    let old = self
    let values = updates.floats
    for i in quaternions.indices {
      let u = values + i * 6
      let q = quaternions[i]
      let product = SIMD4(
        -q.y * u[0] - q.z * u[1] - q.w * u[2],
        q.x * u[0] + q.z * u[2] - q.w * u[1],
        q.x * u[1] - q.y * u[2] + q.w * u[0],
        q.x * u[2] + q.y * u[1] - q.z * u[0])
      translations[i] = translations[i] + rotation(i) * Vector3(u[3], u[4], u[5])
      let sum = q + product
      quaternions[i] = sum / (sum * sum).sum().squareRoot()
    }
    traced = context.tape == nil ? nil : flat12(context)
    let new = self
    context.record { context in new.backward(composing: old, updates, context) }
  }
}
