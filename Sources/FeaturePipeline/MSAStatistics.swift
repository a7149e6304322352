import NumericArrays

/// How much an alignment says: coverage of each column and the number of effective sequences.
public struct MSAStatistics: Sendable, Hashable {
  /// Rows, the target included.
  public let rows: Int
  /// Rows with a residue (not a gap) in each column. `[N_res]`
  public let depth: [Int]
  /// Effective number of sequences, see `neff(of:identity:)`.
  public let neff: Double

  /// Statistics of an alignment `[N_seq, N_res]` with gaps as class 21.
  public init(_ msa: NDArray<UInt8>, identity: Double = 0.8) {
    rows = msa.shape[0]
    let columns = msa.shape[1]
    var depth = [Int](repeating: 0, count: columns)
    for row in 0..<rows {
      for column in 0..<columns where msa.values[row * columns + column] != 21 { depth[column] += 1 }
    }
    self.depth = depth
    neff = Self.neff(of: msa, identity: identity)
  }

  /// Mean of `depth`.
  public var meanDepth: Double {
    depth.isEmpty ? 0 : Double(depth.reduce(0, +)) / Double(depth.count)
  }

  /// Number of effective sequences: the sum over rows of 1 / (rows that are alike, itself included).
  ///
  /// Two rows are alike when at least `identity` of the columns in which both have a residue agree, and they
  /// share at least one such column (the weights of direct-coupling analysis, Morcos et al. 2011, with gaps left out).
  /// Cost: rows² · columns / 2 byte comparisons.
  public static func neff(of msa: NDArray<UInt8>, identity: Double = 0.8) -> Double {
    let (rows, columns) = (msa.shape[0], msa.shape[1])
    guard rows > 0, columns > 0 else { return 0 }
    var alike = [Int](repeating: 1, count: rows)
    msa.values.withUnsafeBufferPointer { values in
      guard let base = values.baseAddress else { return }
      for first in 0..<rows {
        for second in first + 1..<max(first + 1, rows) {
          let (shared, equal) = compare(
            base + first * columns, base + second * columns, columns)
          if shared > 0, Double(equal) >= identity * Double(shared) {
            alike[first] += 1
            alike[second] += 1
          }
        }
      }
    }
    return alike.reduce(0) { $0 + 1 / Double($1) }
  }

  /// Columns in which both rows have a residue, and those in which it is the same.
  @inline(__always)
  private static func compare(
    _ a: UnsafePointer<UInt8>, _ b: UnsafePointer<UInt8>, _ count: Int
  ) -> (shared: Int, equal: Int) {
    var (shared, equal) = (0, 0)
    var start = 0
    while start < count {
      let end = min(start + 255, count)
      var (bothHere, sameHere): (UInt8, UInt8) = (0, 0)
      for index in start..<end {
        let both: UInt8 = a[index] != 21 && b[index] != 21 ? 1 : 0
        bothHere &+= both
        sameHere &+= a[index] == b[index] ? both : 0
      }
      shared += Int(bothHere)
      equal += Int(sameHere)
      start = end
    }
    return (shared, equal)
  }
}
