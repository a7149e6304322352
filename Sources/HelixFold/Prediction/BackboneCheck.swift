import FeaturePipeline
import FoldingCore
import Protein

/// Whether a predicted chain is connected: its C–N bonds, by the tolerance of the violation loss.
struct BackboneCheck {
  /// Bonds between residues of consecutive numbers; unknown ones have no atoms.
  private(set) var bonds = 0
  /// Bonds of a wrong length.
  private(set) var broken = 0

  init(_ prediction: Prediction, of raw: RawFeatures) {
    let (carbon, nitrogen) = (AtomName.c.index, AtomName.n.index)
    func place(_ residue: Int, _ atom: Int) -> SIMD3<Double> {
      let start = (residue * AtomName.count + atom) * 3
      let values = prediction.positions.values[start..<start + 3].map(Double.init)
      return SIMD3(values[0], values[1], values[2])
    }
    func exists(_ residue: Int, _ atom: Int) -> Bool {
      prediction.atomMask.values[residue * AtomName.count + atom] > 0
    }
    for residue in 1..<max(1, raw.residueCount)
    where raw.residueIndex[residue] == raw.residueIndex[residue - 1] + 1
      && exists(residue - 1, carbon) && exists(residue, nitrogen)
    {
      bonds += 1
      let isProlineNext = AminoAcid(rawValue: raw.aatype[residue]) == .proline
      if PeptideGeometry.isBroken(
        place(residue - 1, carbon), place(residue, nitrogen), isProlineNext: isProlineNext)
      {
        broken += 1
      }
    }
  }

  /// Whether more than one bond in twenty is broken, which relaxation would not repair.
  var isBad: Bool { 20 * broken > bonds }

  /// A caution about the result with that name; nil unless it is bad.
  func caution(about name: String) -> String? {
    isBad
      ? "\(broken) of \(bonds) peptide bonds of \(name) have a wrong length; the chain is not physical"
      : nil
  }
}
