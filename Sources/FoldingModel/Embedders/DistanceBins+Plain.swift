import NumericArrays
import PlainTensors

/// Plain twin of `DistanceBins`: `dgram_from_positions` of the released code.
struct PlainDistanceBins {
  let count: Int
  let first, last: Float

  /// One-hot bins of the distances between points. `[N_res, N_res, count]`
  ///
  /// Bin b holds squared distances strictly between the squares of the edges b and b + 1; the last one is open.
  func callAsFunction<Real: RealNumber>(_ points: [SIMD3<Float>]) -> PlainTensor<Real> {
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
