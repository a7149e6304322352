import FoldingCore

/// How samples are drawn and cropped.
///
/// HelixFold's training configuration; sampling by cluster and length, Suppl. 1.2.5.
public struct LoadingConfig: Codable, Hashable, Sendable {
  /// Most residues of a sample.
  public var crop = 256
  /// Chains up to this length are drawn with the same probability.
  public var shortLength = 256
  /// Chains of at least this length are always accepted; between the two the probability grows with the length.
  public var longLength = 512
  /// Fewest alignment rows.
  public var minimumRows = 1
  /// Worst resolution, Å; null for any.
  ///
  /// Chains without a resolution pass.
  public var maximumResolution: Float? = 9
  /// Whether blocks of alignment rows are deleted (Algorithm 1).
  public var deletesBlocks = true
  /// Whether a random number of random templates is taken instead of the first ones.
  ///
  /// Suppl. 1.2.3.
  public var drawsTemplates = true
  /// Relative frequency of 0, 1, 2 … recycles, drawn once per step.
  public var recycleWeights: [Double] = [1, 1, 1, 1]
  /// Share of samples whose backbone error is not clamped: 0.1 in AlphaFold2, 0 in HelixFold.
  public var unclampedShare = 0.0
  /// Number of samples prepared ahead on a separate thread.
  public var prefetch = 8
  /// Chains that are never taken, such as one whose record is damaged; nil for none.
  ///
  /// A draw that falls on one of them is repeated, so that all other draws stay the same.
  public var exclude: [String]?

  /// HelixFold's first stage.
  public init() {}

  /// The first invalid value and why; nil if all are valid.
  public var objection: (key: String, reason: String)? {
    let limits: [ValueLimit] =
      [
        .size("crop", crop, 1...16_384), .share("unclampedShare", unclampedShare),
        .size("prefetch", prefetch, 0...1024), .size("minimumRows", minimumRows, 0...1_000_000_000),
      ] + (maximumResolution.map { [.positive("maximumResolution", $0)] } ?? [])
    if let objection = limits.objection { return objection }
    if shortLength < 1 || longLength < shortLength {
      return (
        "longLength", "is \(longLength), expected at least shortLength (\(shortLength)) and 1"
      )
    }
    if recycleWeights.isEmpty || recycleWeights.count > 100
      || !recycleWeights.allSatisfy({ (0...1e18).contains($0) }) || recycleWeights.max() == 0
    {
      return ("recycleWeights", "must be 1 to 100 numbers from 0 to 1e18, not all 0")
    }
    return nil
  }
}
