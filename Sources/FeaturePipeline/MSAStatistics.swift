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
    depth = Self.depth(of: msa)
    neff = Self.neff(of: msa, identity: identity)
  }

  /// Rows with a residue (not a gap) in each column of an alignment `[N_seq, N_res]`.
  public static func depth(of msa: NDArray<UInt8>) -> [Int] {
    let columns = msa.shape[1]
    var depth = [Int](repeating: 0, count: columns)
    for row in 0..<msa.shape[0] {
      for column in 0..<columns where msa.values[row * columns + column] != 21 {
        depth[column] += 1
      }
    }
    return depth
  }

  /// Mean of `depth`.
  public var meanDepth: Double {
    depth.isEmpty ? 0 : Double(depth.reduce(0, +)) / Double(depth.count)
  }

  /// Number of effective sequences: the sum over rows of 1 / (rows that are alike, itself included).
  ///
  /// Two rows are alike when at least `identity` of the columns in which both have a residue agree, and they share
  /// at least one such column (the weights of direct-coupling analysis, Morcos et al. 2011, gaps left out).
  /// Cost: rows² · columns byte comparisons.
  public static func neff(of msa: NDArray<UInt8>, identity: Double = 0.8) -> Double {
    let (rows, columns) = (msa.shape[0], msa.shape[1])
    guard rows > 0, columns > 0 else { return 0 }
    // Gaps differ between the two copies, so that they never agree; presence has 1 for residues and, in the second
    // copy, 2 for gaps, so that equal bytes are columns that both have.
    let first = msa.values.map { $0 == 21 ? UInt8(254) : $0 }
    let second = msa.values.map { $0 == 21 ? UInt8(255) : $0 }
    let here = msa.values.map { $0 == 21 ? UInt8(0) : 1 }
    let there = msa.values.map { $0 == 21 ? UInt8(2) : 1 }
    var alike = [Int](repeating: 1, count: rows)
    withPointers(first, second) { first, second in
      withPointers(here, there) { here, there in
        for row in 0..<rows {
          for other in row + 1..<max(row + 1, rows) {
            let (a, b) = (row * columns, other * columns)
            let shared = ByteRows.equalCount(here + a, there + b, columns)
            let equal = ByteRows.equalCount(first + a, second + b, columns)
            guard shared > 0, Double(equal) >= identity * Double(shared) else { continue }
            alike[row] += 1
            alike[other] += 1
          }
        }
      }
    }
    return alike.reduce(0) { $0 + 1 / Double($1) }
  }

  private static func withPointers(
    _ a: [UInt8], _ b: [UInt8], _ body: (UnsafePointer<UInt8>, UnsafePointer<UInt8>) -> Void
  ) {
    a.withUnsafeBufferPointer { a in
      b.withUnsafeBufferPointer { b in
        guard let a = a.baseAddress, let b = b.baseAddress else { return }
        body(a, b)
      }
    }
  }
}
