/// Operations of backward passes in which all workers share the rows.
extension ExecutionContext {
  /// Rows of intermediates that a backward pass holds at a time: a constant, so that sums over rows have one order.
  public static let chunkRows = 2048

  /// Calls `body` with one piece of `0 ..< rows` after the other.
  public func chunks(_ rows: Int, of size: Int = chunkRows, _ body: (Range<Int>) -> Void) {
    chunks(0..<rows, of: size, body)
  }

  /// Calls `body` with one piece of a range after the other.
  public func chunks(_ rows: Range<Int>, of size: Int = chunkRows, _ body: (Range<Int>) -> Void) {
    for start in stride(from: rows.lowerBound, to: rows.upperBound, by: size) {
      body(start..<min(start + size, rows.upperBound))
    }
  }

  /// `multiply`, all workers sharing the rows.
  public func multiplyShared(
    _ left: Matrix, _ right: PackedMatrix, into result: Matrix, _ epilogue: Epilogue = Epilogue()
  ) {
    tiles(left.rows, tile: 64, scratch: {}) { rows, _ in
      multiply(left.rows(rows), right, into: result.rows(rows), epilogue)
    }
  }

  /// `copy` between views, all workers sharing the rows.
  public func copyShared(_ x: Matrix, into result: Matrix) {
    workers.split(x.rows, unit: 16) { rows in
      copy(x.rows(rows), into: result.rows(rows))
    }
  }
}
