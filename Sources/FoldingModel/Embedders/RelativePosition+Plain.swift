import NeuralNet
import NumericArrays
import PlainTensors

/// Plain twin of `RelativePosition`, Algorithms 4 and 5.
struct PlainRelativePosition<Real: RealNumber> {
  let linear: PlainLinear<Real>
  let maxDistance: Int

  init(_ layer: RelativePosition) {
    self.linear = PlainLinear(layer.linear)
    self.maxDistance = layer.maxDistance
  }

  /// - Shapes: residue numbers `[N_res]` → `[N_res, N_res, c_z]`
  func callAsFunction(_ residueIndex: [Int]) -> PlainTensor<Real> {
    let count = residueIndex.count
    let d = residueIndex.flatMap { i in residueIndex.map { i - $0 } }  // Algorithm 4, line 1
    let bins = d.map { min(max($0, -maxDistance), maxDistance) + maxDistance }
    let classes = 2 * maxDistance + 1
    let p = linear(.oneHot(bins, classes: classes))  // Algorithm 4, line 3, and Algorithm 5
    return p.reshaped([count, count, linear.weight.shape[1]])
  }
}
