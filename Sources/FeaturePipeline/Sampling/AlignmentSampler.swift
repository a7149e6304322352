import FoldingCore
import NumericArrays

/// All random choices of one draw, so that the rest is a plain function of them.
public struct AlignmentChoices: Sendable, Hashable {
  /// Rows of the alignment in drawn order, row 0 first; after the clusters come the extra rows.
  public var rowOrder: [Int]
  /// Cells of the cluster rows that are hidden. `[N_clust, N_res]`
  public var hidden: [Bool]
  /// Classes shown in place of hidden cells; other entries are unused. `[N_clust, N_res]`
  public var replacements: [UInt8]
  /// Extra rows that are kept, as indices among all extra rows, in order. `[N_extra]`
  public var extraOrder: [Int]

  /// Choices made elsewhere, for instance by AlphaFold2's own pipeline.
  public init(rowOrder: [Int], hidden: [Bool], replacements: [UInt8], extraOrder: [Int]) {
    self.rowOrder = rowOrder
    self.hidden = hidden
    self.replacements = replacements
    self.extraOrder = extraOrder
  }
}

/// Draws cluster rows and extra rows from an alignment.
///
/// Suppl. 1.2.6 and 1.2.7. Order as released: block deletion (training only), row sampling, masking, clustering, cluster averages,
/// crop of the extra rows. Masking comes before clustering so that the averages do not reveal what is hidden; the profile comes
/// from the whole alignment.
public struct AlignmentSampler: Sendable {
  let msa: NDArray<UInt8>
  let deletions: NDArray<UInt16>
  let masking: MaskedMSA
  /// Most cluster rows drawn.
  public let maxClusters: Int
  let maxExtraRows: Int
  let maskedFraction: Float
  let blockDeletion: BlockDeletion?

  /// A sampler for the alignment of `raw`, which must be valid.
  public init(
    _ raw: RawFeatures, maxClusters: Int, maxExtraRows: Int, maskedFraction: Float,
    blockDeletion: BlockDeletion? = nil
  ) {
    msa = raw.msa
    deletions = raw.deletions
    masking = MaskedMSA(msa: raw.msa)
    self.maxClusters = max(1, maxClusters)
    self.maxExtraRows = max(0, maxExtraRows)
    self.maskedFraction = maskedFraction
    self.blockDeletion = blockDeletion
  }

  private var columns: Int { msa.shape[1] }

  /// The choices for a key.
  public func choices(key: RandomKey) -> AlignmentChoices {
    func site(_ site: DrawSite) -> RandomKey { key.child(site.rawValue) }
    var kept = Array(0..<msa.shape[0])
    if let blockDeletion {
      let starts = blockDeletion.starts(of: kept.count, key: site(.blockDeletion))
      kept = blockDeletion.keptRows(of: kept.count, starts: starts)
    }
    let order = [0] + site(.rowOrder).shuffled(1..<kept.count).map { kept[$0] }
    let clusters = min(maxClusters, order.count)
    let (maskKey, classKey) = (site(.maskedCells), site(.replacements))
    var hidden = [Bool](repeating: false, count: clusters * columns)
    var replacements = [UInt8](repeating: 0, count: clusters * columns)
    for cell in hidden.indices where maskKey.uniform(cell) < maskedFraction {
      let column = cell % columns
      hidden[cell] = true
      replacements[cell] = masking.replacement(
        column: column, same: msa.values[order[cell / columns] * columns + column],
        u: classKey.uniform(cell))
    }
    let extraOrder = site(.extraRows).shuffled(0..<order.count - clusters).prefix(maxExtraRows)
    return AlignmentChoices(
      rowOrder: order, hidden: hidden, replacements: replacements, extraOrder: Array(extraOrder))
  }

  /// The draw that the network sees for given choices.
  public func draw(_ choices: AlignmentChoices) -> AlignmentDraw {
    let clusters = min(maxClusters, choices.rowOrder.count)
    let (clusterRows, extraRows) = (
      choices.rowOrder.prefix(clusters), Array(choices.rowOrder.dropFirst(clusters))
    )
    let truth = gather(msa, clusterRows)
    var shown = truth
    for cell in shown.indices where choices.hidden[cell] {
      shown[cell] = choices.replacements[cell]
    }
    let allExtra = gather(msa, extraRows)
    let assignment = ClusterAssignment.nearest(
      centres: shown, extra: allExtra, columns: columns)
    let feature = MSAFeature.make(
      centres: shown, centreDeletions: gather(deletions, clusterRows), extra: allExtra,
      extraDeletions: gather(deletions, extraRows), assignment: assignment, columns: columns)
    let kept = choices.extraOrder.map { extraRows[$0] }
    let keptDeletions = gather(deletions, kept)
    let extraShape = [kept.count, columns]
    let shape = [clusters, columns]
    return AlignmentDraw(
      msaFeature: NDArray(shape: shape + [MSAFeature.channels], values: feature),
      msaMask: NDArray(repeating: 1, shape: shape),
      extraMSA: NDArray(shape: extraShape, values: gather(msa, kept)),
      extraMask: NDArray(repeating: 1, shape: extraShape),
      extraHasDeletion: NDArray(shape: extraShape, values: keptDeletions.map { $0 > 0 ? 1 : 0 }),
      extraDeletionValue: NDArray(
        shape: extraShape, values: keptDeletions.map { MSAFeature.deletionValue(Float($0)) }),
      bertMask: NDArray(shape: shape, values: choices.hidden.map { $0 ? 1 : 0 }),
      trueMSA: NDArray(shape: shape, values: truth))
  }

  private func gather<Element>(
    _ array: NDArray<Element>, _ rows: some Collection<Int>
  ) -> [Element] {
    var values: [Element] = []
    values.reserveCapacity(rows.count * columns)
    for row in rows { values += array.values[row * columns..<(row + 1) * columns] }
    return values
  }
}
