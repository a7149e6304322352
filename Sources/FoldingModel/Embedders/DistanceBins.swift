import FoldingCore
import NumericArrays
import Protein

/// Distance bins with squared edges: a one-hot distogram, stored as the index of its single one.
///
/// `dgram_from_positions` of the released code: bin b holds squared distances strictly between the squares of
/// edge b and edge b + 1; the last one is open, anything nearer than the first edge has no bin.
struct DistanceBins: Sendable {
  private let edges: SquaredEdges<Float>

  init(_ edges: BinEdges) { self.edges = SquaredEdges(edges) }

  /// The bin of a squared distance, Å².
  func bin(_ squaredDistance: Float) -> Int? {
    let bin = edges.countBelow(squaredDistance) - 1
    if bin < 0 { return nil }
    let upper = bin + 1 < edges.values.count ? edges.values[bin + 1] : 1e8
    return squaredDistance < upper ? bin : nil
  }
}

/// Cβ coordinates, Cα for glycine, of atom37 coordinates `[N_res, 37, 3]`. `[N_res, 3]`, Å
func pseudoBeta(aatype: [Int], positions: NDArray<Float>) -> [SIMD3<Float>] {
  aatype.enumerated().map { residue, type in
    let start = (residue * AtomName.count + AtomName.pseudoBeta(of: type).index) * 3
    return SIMD3(
      positions.values[start], positions.values[start + 1], positions.values[start + 2])
  }
}
