import Messages
import NumericArrays

/// How informative an alignment is: coverage of each column and the number of effective sequences.
public struct MSAStatistics: Sendable {
  /// Rows, the target included.
  public let rows: Int
  /// Rows with a residue (not a gap) in each column, grouped by sequence identity to the target over the columns in which the row
  /// has a residue; the most similar rows first. `[bands][N_res]`
  public let depths: [(leastIdentity: Double, depth: [Int])]
  /// Effective number of sequences, see `neff(of:identity:)`.
  public let neff: Double
  /// Whether `neff` was computed from 10,000 evenly spaced rows.
  public let isNeffOfPart: Bool

  /// Most rows for which the effective number is computed, since the time grows with their square.
  private static let neffLimit = 10_000

  /// Statistics of an alignment `[N_seq, N_res]` with gaps as class 21 and the target as first row.
  public init(_ msa: NDArray<UInt8>, identity: Double = 0.8) {
    rows = msa.shape[0]
    depths = Self.depths(of: msa)
    isNeffOfPart = rows > Self.neffLimit
    neff = Self.neff(
      of: isNeffOfPart ? Self.thinned(msa, to: Self.neffLimit) : msa, identity: identity)
  }

  /// Rows with a residue (not a gap) in each column. `[N_res]`
  public var depth: [Int] {
    (depths.first?.depth.indices ?? 0..<0).map { column in
      depths.reduce(0) { $0 + $1.depth[column] }
    }
  }

  /// Mean of `depth`.
  public var meanDepth: Double {
    let depth = depth
    return depth.isEmpty ? 0 : Double(depth.reduce(0, +)) / Double(depth.count)
  }

  /// One line such as `512 rows, Neff 201.3, mean depth 430.1`.
  public var summary: String {
    "\(counted(rows, "row")), Neff \(Self.tenths(neff))\(isNeffOfPart ? " of \(Self.neffLimit) rows" : ""),"
      + " mean depth \(Self.tenths(meanDepth))"
  }

  private static func tenths(_ value: Double) -> String {
    let count = Int((value * 10).rounded())
    return "\(count / 10).\(count % 10)"
  }

  private static func depths(
    of msa: NDArray<UInt8>
  ) -> [(leastIdentity: Double, depth: [Int])] {
    let columns = msa.shape[1]
    var bands = [0.8, 0.6, 0.4, 0.2, 0].map {
      (leastIdentity: $0, depth: [Int](repeating: 0, count: columns))
    }
    for row in 0..<msa.shape[0] {
      let letters = msa.values[row * columns..<(row + 1) * columns]
      let pairs = zip(letters, msa.values)
      let present = pairs.count { $0.0 != 21 }
      let same = pairs.count { $0.0 != 21 && $0.0 == $0.1 }
      let identity = Double(same) / Double(max(1, present))
      let band = bands.firstIndex { identity >= $0.leastIdentity } ?? bands.count - 1
      for (column, letter) in letters.enumerated() where letter != 21 {
        bands[band].depth[column] += 1
      }
    }
    return bands
  }

  /// Evenly spaced rows.
  private static func thinned(_ msa: NDArray<UInt8>, to count: Int) -> NDArray<UInt8> {
    let (rows, columns) = (msa.shape[0], msa.shape[1])
    let part = (0..<count).flatMap { index in
      let row = index * rows / count
      return msa.values[row * columns..<(row + 1) * columns]
    }
    return NDArray(shape: [count, columns], values: part)
  }

  /// Number of effective sequences: the sum over rows of 1 / (rows that are alike, itself included).
  ///
  /// Two rows are alike if at least `identity` of the columns in which both have a residue agree, and they share at least one such
  /// column (the weights of direct-coupling analysis, Morcos et al. 2011, gaps ignored). Cost: rows² · columns byte comparisons.
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
