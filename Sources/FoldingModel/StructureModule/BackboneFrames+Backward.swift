import FoldingCore
import NeuralNet
import TensorCore

extension BackboneFrames {
  /// The frames as rows of twelve numbers: rotation row-major, then translation, Å. `[N_res, 12]`
  func flat12(_ context: ExecutionContext) -> Tensor {
    let result = context.empty([quaternions.count, 12], .float32)
    for i in quaternions.indices {
      let values = frame(i, scale: StructureModule.positionScale).flat12
      for (k, value) in values.enumerated() { result.floats[i * 12 + k] = value }
    }
    return result
  }

  /// Derivative of `compose`: these frames are `old` composed with `updates`.
  ///
  /// Adds to the gradients of the updates and of the old frames' translations. The old rotations are constants.
  func backward(composing old: BackboneFrames, _ updates: Tensor, _ context: ExecutionContext) {
    guard let traced else { return }
    let gradient = context.gradient(of: traced).array().values
    let updateGradient = context.gradient(of: updates).floats
    let oldGradient = old.traced.map { context.gradient(of: $0) }
    for i in quaternions.indices {
      let frame = RigidGradient(flat12: gradient, at: i * 12)
      let translation = frame.translation * StructureModule.positionScale
      let target = updateGradient + i * 6
      let turn = rotationUpdateGradient(
        i, of: Matrix3.quaternionGradient(quaternions[i], of: frame.rotation), old.quaternions[i],
        updates.floats + i * 6)
      let move = old.rotation(i).transposeTimes(translation)
      for (k, value) in [turn.x, turn.y, turn.z, move.x, move.y, move.z].enumerated() {
        target[k] += value
      }
      guard let oldGradient else { continue }
      for k in 9..<12 { oldGradient.floats[i * 12 + k] += gradient[i * 12 + k] }
    }
  }

  /// From the gradient of the normalised quaternion `q (1, b, c, d) / |q (1, b, c, d)|` to that of b, c, d.
  private func rotationUpdateGradient(
    _ i: Int, of gradient: SIMD4<Float>, _ q: SIMD4<Float>, _ update: UnsafeMutablePointer<Float>
  ) -> Vector3<Float> {
    // The length of a product of quaternions is the product of their lengths, and q has length 1.
    let (b, c, d) = (update[0], update[1], update[2])
    let length = (1 + b * b + c * c + d * d).squareRoot()
    let unit = quaternions[i]
    let s = (gradient - unit * (unit * gradient).sum()) / length
    return Vector3(
      -q.y * s.x + q.x * s.y + q.w * s.z - q.z * s.w,
      -q.z * s.x - q.w * s.y + q.x * s.z + q.y * s.w,
      -q.w * s.x + q.z * s.y - q.y * s.z + q.x * s.w)
  }
}
