/// Assignment of the extra rows to the cluster centres that they agree with most.
///
/// Suppl. 1.2.7.
enum ClusterAssignment {
  /// The centre that each extra row agrees with in most columns; the first one in case of ties.
  ///
  /// Agreement on a gap or on a hidden cell does not count. The released code multiplies one-hot arrays
  /// `[N_extra, 23·N_res] · [23·N_res, N_clust]`; counting equal bytes gives the same integers.
  ///
  /// - Shapes: centres `[N_clust, N_res]` after masking, extra `[N_extra, N_res]` → `[N_extra]`
  static func nearest(centres: [UInt8], extra: [UInt8], columns: Int) -> [Int] {
    guard columns > 0, !extra.isEmpty else { return [] }
    let unmatched: UInt8 = 0xFF
    let centres = centres.map { $0 > 20 ? unmatched : $0 }
    let extraRows = extra.count / columns
    let centreRows = centres.count / columns
    var result = [Int](repeating: 0, count: extraRows)
    centres.withUnsafeBufferPointer { centres in
      extra.withUnsafeBufferPointer { extra in
        guard let centres = centres.baseAddress, let extra = extra.baseAddress else { return }
        for row in 0..<extraRows {
          var best = -1
          for centre in 0..<centreRows {
            let score = ByteRows.equalCount(
              centres + centre * columns, extra + row * columns, columns)
            if score > best {
              best = score
              result[row] = centre
            }
          }
        }
      }
    }
    return result
  }
}
