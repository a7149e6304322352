import NumericArrays

/// Share of each class, 20 residue types, X and the gap, in each column of the whole alignment (`hhblits_profile`).
///
/// Suppl. 1.2.7.
///
/// - Shapes: `[N_seq, N_res]` → `[N_res, 22]`
func columnShares(of msa: NDArray<UInt8>) -> [Float] {
  let (rows, columns) = (msa.shape[0], msa.shape[1])
  var counts = [Int32](repeating: 0, count: columns * 22)
  for row in 0..<rows {
    for column in 0..<columns {
      counts[column * 22 + Int(msa.values[row * columns + column])] += 1
    }
  }
  return counts.map { Float($0) / Float(rows) }
}

/// Hiding of alignment cells, BERT-style: the masked-MSA head has to guess them.
///
/// Suppl. 1.2.7. A hidden cell is replaced by a residue drawn uniformly (10 %), from the column's profile
/// (10 %), by itself (10 %), or else by the mask class.
struct MaskedMSA {
  /// Class of a hidden cell, after 20 residues, X and the gap.
  static let maskClass: UInt8 = 22
  static let uniformShare: Float = 0.1
  static let profileShare: Float = 0.1
  static let sameShare: Float = 0.1

  /// Shares of the classes in the columns. `[N_res, 22]`
  let profile: [Float]

  init(msa: NDArray<UInt8>) { profile = columnShares(of: msa) }

  /// The class that a hidden cell of class `same` gets for a number `u` in [0, 1).
  func replacement(column: Int, same: UInt8, u: Float) -> UInt8 {
    var cumulative: Float = 0
    for candidate in 0..<22 {
      var share = Self.profileShare * profile[column * 22 + candidate]
      if candidate < 20 { share += Self.uniformShare / 20 }
      if candidate == Int(same) { share += Self.sameShare }
      cumulative += share
      if u < cumulative { return UInt8(candidate) }
    }
    return Self.maskClass
  }
}
