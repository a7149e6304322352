import FoldingCore

/// Distance bins with squared edges: a one-hot distogram as the index of its only one.
///
/// `dgram_from_positions` of the released code: bin b holds squared distances strictly between the squares of
/// edge b and edge b + 1; the last one is open, anything nearer than the first edge has no bin.
struct DistanceBins: Sendable {
  private let squaredEdges: [Float]

  init(count: Int, from first: Float, to last: Float) {
    let step = (last - first) / Float(count - 1)
    squaredEdges = (0..<count).map { index in
      let edge = index == count - 1 ? last : first + Float(index) * step
      return edge * edge
    }
  }

  /// The bin of a squared distance, Å².
  func bin(_ squaredDistance: Float) -> Int? {
    var low = 0
    var high = squaredEdges.count
    while low < high {
      let middle = (low + high) / 2
      if squaredEdges[middle] < squaredDistance { low = middle + 1 } else { high = middle }
    }
    let bin = low - 1
    if bin < 0 { return nil }
    let upper = bin + 1 < squaredEdges.count ? squaredEdges[bin + 1] : 1e8
    return squaredDistance < upper ? bin : nil
  }
}

extension DistanceBins {
  /// The bins of recycled positions.
  init(_ config: ChannelConfig) {
    self.init(
      count: config.recycleBins, from: config.recycleMinDistance, to: config.recycleMaxDistance)
  }
}
