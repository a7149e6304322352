import NumericArrays
import TensorCore

/// Which positions are visible, per row of a batch: stored once when every row is the same.
public struct PositionMask: Sendable {
  private let values: Tensor  // [rows or 1, positions] fp32
  private let isShared: Bool
  /// Every position of every row is visible.
  public let isFull: Bool

  /// A mask `[rows, positions]` of zeros and ones.
  public init(_ mask: NDArray<Float>, pool: BufferPool) {
    self.isFull = mask.values.allSatisfy { $0 == 1 }
    self.isShared = isFull
    let positions = mask.shape[1]
    self.values =
      isFull
      ? Tensor(NDArray(repeating: 1, shape: [1, positions]), pool: pool) : Tensor(mask, pool: pool)
  }

  /// The outer product of a residue mask with itself: the mask of a pair tensor.
  public init(pairsOf residues: [Float], pool: BufferPool) {
    let count = residues.count
    if residues.allSatisfy({ $0 == 1 }) {
      self.init(NDArray(repeating: 1, shape: [1, count]), pool: pool)
    } else {
      let values = residues.flatMap { i in residues.map { i * $0 } }
      self.init(NDArray(shape: [count, count], values: values), pool: pool)
    }
  }

  /// The mask of one row. `[positions]` fp32
  public subscript(row: Int) -> Tensor { values[isShared ? 0 : row] }

  /// 1 where a position of a row is visible, else 0.
  public func value(_ row: Int, _ position: Int) -> Float { self[row].floats[position] }

  /// How many of the first `rows` rows see both positions of a pair, for pairs of `i` and `j`.
  ///
  /// - Parameter result: overwritten. `[i, j or more]` fp32
  public func countPairs(_ i: Range<Int>, _ j: Range<Int>, rows: Int, into result: Tensor) {
    let (counts, width) = (result.floats, result.shape[1])
    let positions = values.shape[1]
    programmingError(
      unless: result.shape[0] >= i.count && width >= j.count
        && (isFull || (rows <= values.shape[0] && max(i.upperBound, j.upperBound) <= positions)),
      "pairs \(i), \(j) of \(rows) rows of a mask of \(values.shape) into \(result.shape)")
    for k in 0..<i.count {
      for column in 0..<j.count { counts[k * width + column] = isFull ? Float(rows) : 0 }
    }
    if isFull { return }
    for row in 0..<rows {
      let visible = values.floats + row * positions
      let others = visible + j.lowerBound
      for k in 0..<i.count {
        let factor = visible[i.lowerBound + k]
        if factor == 0 { continue }
        let target = counts + k * width
        for column in 0..<j.count { target[column] += factor * others[column] }
      }
    }
  }

  /// The mask with rows and positions exchanged, for `rows` rows.
  public func transposed(rows: Int, pool: BufferPool) -> PositionMask {
    let positions = values.shape[1]
    if isShared { return PositionMask(NDArray(repeating: 1, shape: [1, rows]), pool: pool) }
    let source = values.array()
    var result = NDArray<Float>(repeating: 0, shape: [positions, rows])
    for row in 0..<rows {
      for position in 0..<positions {
        result.values[position * rows + row] = source.values[row * positions + position]
      }
    }
    return PositionMask(result, pool: pool)
  }
}
