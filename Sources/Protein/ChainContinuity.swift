extension Residue {
  /// Whether the peptide chain is interrupted before this residue: C-alphas over 4.5 Å apart, or one of them unknown.
  public func isAfterBreak(_ previous: Residue) -> Bool {
    alphaDistance(from: previous).map { $0 > ChainContinuity.longestStep } ?? true
  }

  /// Distance of the C-alphas in Å; nil if one is unknown.
  fileprivate func alphaDistance(from previous: Residue) -> Double? {
    guard let a = previous.standardAtoms[.ca]?.position, let b = standardAtoms[.ca]?.position
    else { return nil }
    return ((a - b) * (a - b)).sum().squareRoot()
  }
}

/// Where a chain is continuous, judged by its coordinates.
public enum ChainContinuity {
  /// Distance of neighbouring C-alphas beyond which the chain is interrupted, Å.
  fileprivate static let longestStep = 4.5

  /// Places before which the chain is interrupted.
  public static func breaks(in residues: [Residue]) -> Set<Int> {
    Set(residues.indices.dropFirst().filter { residues[$0].isAfterBreak(residues[$0 - 1]) })
  }

  /// Numbers from 0 along a chain with only these residues known; missing residues are counted. `[N_res]`
  ///
  /// At an interruption the number grows as the authors' numbers do, but at least by the fewest residues that can span it, 4 Å
  /// each; elsewhere it grows by 1, whatever the authors' numbers are. If a C-alpha is unknown the authors' numbers decide. A gap
  /// counts as at most 1,000.
  public static func numbers(of residues: [Residue]) -> [Int] {
    var numbers: [Int] = []
    for (index, residue) in residues.enumerated() {
      guard let last = numbers.last else {
        numbers.append(0)
        continue
      }
      let previous = residues[index - 1]
      let stated = max(1, min(1000, residue.number - previous.number))
      let step = residue.alphaDistance(from: previous).map { distance in
        distance > longestStep ? max(stated, Int(min(1000, (distance / 4).rounded(.up)))) : 1
      }
      numbers.append(last + (step ?? stated))
    }
    return numbers
  }
}
