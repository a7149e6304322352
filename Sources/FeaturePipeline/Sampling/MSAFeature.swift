import Foundation

/// The 49 channels that the network sees per cluster cell, `msa_feat`.
///
/// Suppl. Table 1 and 1.2.7. Channels: one-hot class (23), has deletion, deletion value, cluster profile (23), mean deletion value.
enum MSAFeature {
  static let channels = 49
  private static let hasDeletion = 23
  private static let deletion = 24
  private static let profile = 25
  private static let meanDeletion = 48

  /// 2/π · atan(d / 3): a count on a scale of 0 … 1.
  static func deletionValue(_ count: Float) -> Float { atan(count / 3) * (2 / Float.pi) }

  /// Channels of all cluster cells. `[N_clust, N_res, 49]`
  ///
  /// The profile of a cluster is the mean one-hot class of its centre, as shown, and its members; the released
  /// code adds 10⁻⁶ to the count.
  ///
  /// - Shapes: centres, centreDeletions `[N_clust, N_res]`; extra, extraDeletions `[N_extra, N_res]`;
  ///   assignment `[N_extra]`
  static func make(
    centres: [UInt8], centreDeletions: [UInt16], extra: [UInt8], extraDeletions: [UInt16],
    assignment: [Int], columns: Int
  ) -> [Float] {
    let clusters = columns == 0 ? 0 : centres.count / columns
    var members = [Float](repeating: 0, count: clusters)
    for cluster in assignment { members[cluster] += 1 }
    var sums = centreDeletions.map { Float($0) }
    var feature = [Float](repeating: 0, count: centres.count * channels)
    feature.withUnsafeMutableBufferPointer { feature in
      for cell in centres.indices {
        let channel = cell * channels
        feature[channel + Int(centres[cell])] = 1
        feature[channel + hasDeletion] = centreDeletions[cell] > 0 ? 1 : 0
        feature[channel + deletion] = deletionValue(Float(centreDeletions[cell]))
        feature[channel + profile + Int(centres[cell])] = 1
      }
      for (row, cluster) in assignment.enumerated() {
        for column in 0..<columns {
          let cell = cluster * columns + column
          feature[cell * channels + profile + Int(extra[row * columns + column])] += 1
          sums[cell] += Float(extraDeletions[row * columns + column])
        }
      }
      for cell in centres.indices {
        let count = 1e-6 + 1 + members[cell / columns]
        for channel in 0..<23 { feature[cell * channels + profile + channel] /= count }
        feature[cell * channels + meanDeletion] = deletionValue(sums[cell] / count)
      }
    }
    return feature
  }
}
