import TensorCore

/// The slices of a tensor that attention runs along: rows or columns of an MSA or of a pair tensor.
///
/// Element `(batch, position)` starts at `batch * batchStride + position * positionStride`.
public struct AttentionAxes: Sendable {
  /// Number of independent attentions.
  public var batch: Int
  /// Positions that attend to each other.
  public var positions: Int
  /// Elements between attentions.
  public var batchStride: Int
  /// Elements between positions.
  public var positionStride: Int

  /// Attention along the second axis of `[rows, columns, c]`: within each row.
  public static func rows(of x: Tensor) -> AttentionAxes {
    let (rows, columns, c) = (x.shape[0], x.shape[1], x.shape[2])
    return AttentionAxes(
      batch: rows, positions: columns, batchStride: columns * c, positionStride: c)
  }

  /// Attention along the first axis of `[rows, columns, c]`: within each column.
  public static func columns(of x: Tensor) -> AttentionAxes {
    let (rows, columns, c) = (x.shape[0], x.shape[1], x.shape[2])
    return AttentionAxes(
      batch: columns, positions: rows, batchStride: c, positionStride: columns * c)
  }
}

extension AttentionAxes {
  /// The positions of one attention. `[positions, c]`
  func slice(_ x: Tensor, _ batch: Int) -> Matrix {
    Matrix(
      x, offset: batch * batchStride, rows: positions, columns: x.channels,
      rowStride: positionStride)
  }

  /// Completes a tensor of which every process holds its share of the attentions.
  func allGather(_ x: Tensor, _ context: ExecutionContext) {
    context.allGather(x, outer: isContiguous(in: x) ? 1 : positions, count: batch)
  }

  /// Whether consecutive attentions are consecutive rows of `x`.
  func isContiguous(in x: Tensor) -> Bool {
    positionStride == x.channels && batchStride == positions * positionStride
  }
}
