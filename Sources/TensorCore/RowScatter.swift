import NumericArrays

extension ExecutionContext {
  /// `result[target(i), :] += y[i, :]` for every row that has a target: the derivative of reading rows of a table.
  ///
  /// Workers share the channels, so every sum runs in the order of the rows for any number of workers. Sums are kept in
  /// double precision: most pairs of residues may have read the same row.
  ///
  /// - Shapes: y `[rows, c]` fp32, result `[targets, c]` fp32
  public func addRows(of y: Tensor, into result: Tensor, at target: (Int) -> Int?) {
    let channels = y.channels
    if result.channels != channels {
      programmingError("cannot add rows of \(y.shape) to \(result.shape)")
    }
    let (rows, targets) = (y.count / max(1, channels), result.count / max(1, channels))
    let (source, sums) = (y.floats, result.floats)
    workers.split(channels, unit: 16) { range in
      let width = range.count
      var totals = [Double](repeating: 0, count: targets * width)
      totals.withUnsafeMutableBufferPointer { totals in
        for row in 0..<rows {
          guard let index = target(row) else { continue }
          let values = source + row * channels + range.lowerBound
          for c in 0..<width { totals[index * width + c] += Double(values[c]) }
        }
        for index in 0..<targets {
          let sum = sums + index * channels + range.lowerBound
          for c in 0..<width { sum[c] += Float(totals[index * width + c]) }
        }
      }
    }
  }
}
