/// One buffer of a pool; returns it when the last tensor that uses it is gone.
///
/// Passed between threads without a lock: an operation writes only to tensors that it made or was told to update, and its
/// workers to disjoint parts of them. Whoever hands a tensor to an operation that updates it gives up every other view of it
/// until the operation ends.
@usableFromInline
final class Storage: @unchecked Sendable {
  @usableFromInline let base: UnsafeMutableRawPointer
  /// Bytes that were requested.
  let usedBytes: Int
  /// Increases with every allocation.
  let serial: Int
  /// Whether the memory came from the system, all zero.
  let isZero: Bool
  private let byteCount: Int
  private let pool: BufferPool

  init(byteCount: Int, pool: BufferPool) {
    self.usedBytes = byteCount
    let block = pool.allocate(byteCount)
    self.serial = block.serial
    self.base = block.base
    self.byteCount = block.byteCount
    self.isZero = block.isZero
    self.pool = pool
  }

  deinit { pool.release(base, byteCount) }

  /// Whether the memory comes from a pool.
  func isMade(by pool: BufferPool) -> Bool { self.pool === pool }
}
