import FoldingCore
import NumericArrays

/// The masked cells of the alignment that the network was shown in its last pass.
public struct AlignmentLabels<Real: RealNumber>: Sendable, Hashable {
  /// Classes before masking. `[N_clust, N_res]`
  public var trueClasses: [Int]
  /// 1 where a cell was masked. `[N_clust, N_res]`
  public var mask: [Real]

  /// Classes and mask.
  public init(trueClasses: [Int], mask: [Real]) {
    self.trueClasses = trueClasses
    self.mask = mask
  }

  /// The labels of a draw; template rows have none.
  public init(_ draw: AlignmentDraw) {
    self.init(
      trueClasses: draw.trueMSA.values.map { Int($0) }, mask: draw.bertMask.values.map { Real($0) })
  }
}
