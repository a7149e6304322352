import FeaturePipeline

/// Sizes of the features of a target.
public struct FeatureCounts: Hashable, Sendable {
  /// Number of residues.
  public var residues: Int
  /// Rows of the alignment, the target's included.
  public var rows: Int
  /// Number of templates.
  public var templates: Int

  /// Bytes that the alignment takes: a class and a count of deletions per cell.
  var alignmentBytes: Int {
    rows * residues * (MemoryLayout<UInt8>.size + MemoryLayout<UInt16>.size)
  }
}

extension RawFeatures {
  /// The sizes of the features.
  public var counts: FeatureCounts {
    FeatureCounts(residues: residueCount, rows: rowCount, templates: templates.count)
  }
}
