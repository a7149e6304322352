/// Comparisons of alignment rows, byte by byte: the inner loops of clustering and of sequence weights.
package enum ByteRows {
  /// Number of places at which two rows hold the same byte.
  ///
  /// Counted in bytes over runs of at most 255 so that the loop vectorises.
  @inline(__always)
  package static func equalCount(
    _ a: UnsafePointer<UInt8>, _ b: UnsafePointer<UInt8>, _ count: Int
  ) -> Int {
    var total = 0
    var start = 0
    while start < count {
      let end = min(start &+ 255, count)
      var run: UInt8 = 0
      var index = start
      while index < end {
        run &+= a[index] == b[index] ? 1 : 0
        index &+= 1
      }
      total &+= Int(run)
      start = end
    }
    return total
  }
}
