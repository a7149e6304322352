/// One buffer of a pool; returns it when the last tensor that uses it is gone.
final class Storage: @unchecked Sendable {
  let base: UnsafeMutableRawPointer
  /// Bytes that were asked for.
  let usedBytes: Int
  /// Grows with the time of making.
  let serial: Int
  private let byteCount: Int
  private let pool: BufferPool

  init(byteCount: Int, pool: BufferPool) {
    self.usedBytes = byteCount
    self.serial = pool.nextSerial()
    let block = pool.allocate(byteCount)
    self.base = block.base
    self.byteCount = block.byteCount
    self.pool = pool
  }

  deinit { pool.release(base, byteCount) }

  /// Whether the memory comes from a pool.
  func isMade(by pool: BufferPool) -> Bool { self.pool === pool }
}
