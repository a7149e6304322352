import NumericArrays

/// Deletion of blocks of neighbouring alignment rows, for training: the network learns to work with fewer rows.
///
/// Algorithm 1 (MSABlockDeletion), Suppl. 1.2.6. Neighbouring rows tend to be alike, so a block removes a whole branch of the
/// family.
public struct BlockDeletion: Sendable, Hashable, Codable {
  /// Rows per block, as a share of all rows.
  public var fractionPerBlock: Float = 0.3
  /// Number of blocks, which may overlap.
  public var blocks = 5

  /// The released training values.
  public init() {}

  /// Rows that stay after deleting the blocks that begin at `starts`; row 0 always stays.
  public func keptRows(of rowCount: Int, starts: [Int]) -> [Int] {
    let size = Int((Float(rowCount) * fractionPerBlock).rounded(.down))
    var isKept = [Bool](repeating: true, count: rowCount)
    for start in starts {
      for row in start..<start + size { isKept[min(max(row, 0), rowCount - 1)] = false }
    }
    return (0..<rowCount).filter { $0 == 0 || isKept[$0] }
  }

  /// Starts drawn from a key.
  func starts(of rowCount: Int, key: RandomKey) -> [Int] {
    (0..<blocks).map { key.integer($0, below: rowCount) }
  }
}
