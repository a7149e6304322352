import FoldingCore
import Protein

/// Sizes of one pass, from which cost and memory follow.
public struct ProblemSize: Hashable, Sendable, Codable {
  /// Residues.
  public var residues: Int
  /// Alignment rows in the main stack, template rows not counted.
  public var clusters: Int
  /// Extra alignment rows.
  public var extraRows: Int
  /// Templates.
  public var templates: Int

  /// The given sizes.
  public init(residues: Int, clusters: Int, extraRows: Int, templates: Int) {
    self.residues = residues
    self.clusters = clusters
    self.extraRows = extraRows
    self.templates = templates
  }

  /// Bytes of features with one draw.
  ///
  /// Arrays of Float: `msa_feat` per cluster cell, masks, classes and deletions per extra cell.
  public var featureBytes: Int {
    clusters * residues * (FeatureWidths.msa * 4 + 9) + extraRows * residues * 13
      + templates * residues * (Atom37.count * 16 + 24)
  }

  /// The sizes of some features with a given draw.
  public init(_ target: TargetFeatures, _ draw: AlignmentDraw) {
    self.init(
      residues: target.residueCount, clusters: draw.clusterCount, extraRows: draw.extraCount,
      templates: target.templates?.count ?? 0)
  }
}

extension FoldingConfig {
  /// Sizes of what the network draws from a target.
  ///
  /// Template rows take the place of alignment rows where their torsions are embedded, as in AlphaFold2's sampling.
  ///
  /// - Parameters:
  ///   - rows: rows of the alignment.
  ///   - templates: templates of the target.
  public func problemSize(residues: Int, rows: Int, templates: Int) -> ProblemSize {
    let reserved = template?.embedsTorsions == true ? sampling.maxTemplates : 0
    let clusters = min(max(1, sampling.maxClusters - reserved), rows)
    return ProblemSize(
      residues: residues, clusters: clusters,
      extraRows: min(sampling.maxExtraRows, rows - clusters),
      templates: template == nil ? 0 : min(sampling.maxTemplates, templates))
  }
}
