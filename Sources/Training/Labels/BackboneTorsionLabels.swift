import FoldingCore
import NumericArrays
import Protein

/// True omega, phi and psi of residues whose neighbours in the chain are known.
///
/// Unlike the template features (`TorsionAngles`) nothing is computed across a chain break, and psi is measured to the next nitrogen,
/// which backbones without oxygens have too.
struct BackboneTorsionLabels<Real: RealNumber> {
  /// Sine and cosine, (0, 1) where unknown. `[N_res, 3, 2]`
  private(set) var sineCosine: [Real] = []
  /// 1 where the four atoms are known and neighbours. `[N_res, 3]`
  private(set) var mask: [Real] = []

  /// - Parameters:
  ///   - residueIndex: residue numbers. `[N_res]`
  ///   - positions: atom37 coordinates, Å. `[N_res, 37, 3]`
  ///   - atomMask: 1 where the atom is known. `[N_res, 37]`
  init(residueIndex: [Int], positions: [Real], mask atomMask: [Real]) {
    for residue in residueIndex.indices {
      let angles: [[(residue: Int, atom: AtomName)]] = [
        [(residue - 1, .ca), (residue - 1, .c), (residue, .n), (residue, .ca)],
        [(residue - 1, .c), (residue, .n), (residue, .ca), (residue, .c)],
        [(residue, .n), (residue, .ca), (residue, .c), (residue + 1, .n)],
      ]
      for atoms in angles {
        let (first, last) = (atoms[0].residue, atoms[3].residue)
        let isChain =
          first >= 0 && last < residueIndex.count
          && residueIndex[last] - residueIndex[first] == last - first
        let places = isChain ? atoms.map { $0.residue * Atom37.count + $0.atom.index } : []
        let isKnown = isChain && places.allSatisfy { atomMask[$0] > 0 }
        mask.append(isKnown ? 1 : 0)
        guard isKnown else {
          sineCosine += [0, 1]
          continue
        }
        let angle = SineCosine(places.map { Vector3(positions, at: $0) })
        let length = (angle.sine * angle.sine + angle.cosine * angle.cosine).squareRoot()
        sineCosine += length > 0 ? [angle.sine / length, angle.cosine / length] : [0, 1]
      }
    }
  }
}
