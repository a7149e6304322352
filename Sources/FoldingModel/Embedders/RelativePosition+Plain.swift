import NeuralNet
import PlainTensors

/// Plain twin of `RelativePosition`, Algorithms 4 and 5.
struct PlainRelativePosition<Real: PlainReal> {
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

/// Plain twin of `DistanceBins`: `dgram_from_positions` of the released code.
struct PlainDistanceBins {
  let count: Int
  let first, last: Float

  /// One-hot bins of the distances between points. `[N_res, N_res, count]`
  ///
  /// Bin b holds squared distances strictly between the squares of the edges b and b + 1; the last one is open.
  func callAsFunction<Real: PlainReal>(_ points: [SIMD3<Float>]) -> PlainTensor<Real> {
    let step = (Double(last) - Double(first)) / Double(count - 1)
    let edges = (0..<count).map { Double(first) + Double($0) * step }
    let squared = points.flatMap { x in
      points.map { y in
        let d = SIMD3<Double>(x) - SIMD3<Double>(y)
        return (d * d).sum()
      }
    }
    let values = squared.flatMap { d -> [Real] in
      edges.indices.map { bin in
        let upper = bin + 1 < count ? edges[bin + 1] * edges[bin + 1] : 1e8
        return edges[bin] * edges[bin] < d && d < upper ? 1 : 0
      }
    }
    return PlainTensor(
      shape: [points.count, points.count, count], values: values, isVariable: false)
  }
}
