import Foundation

extension PairwiseAligner.Alignment {
  /// Expected number of alignments of unrelated proteins of these lengths that score as high: `K m n exp(−λ S)`.
  ///
  /// Karlin and Altschul (PNAS 87, 2264, 1990), with λ = 0.243 and K = 0.024 of NCBI's BLAST for BLOSUM62 and gaps of 10 + k, which
  /// are the usual costs here. The constants are those of local alignments, which score at least as high as ones that are free at the
  /// ends only, so the number errs on the large side.
  public func expected(lengths: (Int, Int)) -> Double {
    0.024 * Double(lengths.0) * Double(lengths.1) * exp(-0.243 * Double(score))
  }
}
