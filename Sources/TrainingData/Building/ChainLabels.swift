import Evidence
import FeaturePipeline
import NumericArrays
import Protein

/// Puts the residues of a structure at their places in a sequence that may have more.
enum ChainLabels {
  /// Share of the structure's residues that must agree with the sequence.
  static let minimumIdentity = 0.9

  /// Coordinates in the order of the sequence, 0 where the structure has no residue.
  static func place(
    _ residues: [Residue], on sequence: ProteinSequence
  ) throws(RejectionReason) -> (positions: NDArray<Float>, mask: NDArray<Float>) {
    let atoms = Atom37Coordinates(residues)
    guard atoms.positions.allSatisfy({ $0.isFinite && abs($0) < 1e6 }) else {
      throw .unreadable("coordinates that are not finite")
    }
    let places = try places(of: residues.map(\.aminoAcid), in: sequence)
    let count = sequence.count
    var positions = NDArray<Float>(repeating: 0, shape: [count, AtomName.count, 3])
    var mask = NDArray<Float>(repeating: 0, shape: [count, AtomName.count])
    for (row, place) in places.enumerated() {
      guard let place else { continue }
      for atom in 0..<AtomName.count where atoms.mask[row * AtomName.count + atom] > 0 {
        let (from, to) = (row * AtomName.count + atom, place * AtomName.count + atom)
        mask.values[to] = 1
        for axis in 0..<3 { positions.values[to * 3 + axis] = atoms.positions[from * 3 + axis] }
      }
    }
    return (positions, mask)
  }

  /// The place of each residue in the sequence; nil where types differ or nothing is aligned.
  private static func places(
    of residues: [AminoAcid], in sequence: ProteinSequence
  ) throws(RejectionReason) -> [Int?] {
    if residues == sequence.residues { return Array(residues.indices) }
    var places = [Int?](repeating: nil, count: residues.count)
    let letters = residues.map(\.letter)
    let alignment: PairwiseAligner.Alignment
    do {
      alignment = try PairwiseAligner().align(
        Array(sequence.letters.utf8), Array(String(letters).utf8))
    } catch {
      throw .unreadable("\(error)")
    }
    var identical = 0
    for pair in alignment.pairs {
      let fits = residues[pair.second] == sequence.residues[pair.first]
      if fits { identical += 1 }
      if fits || residues[pair.second] == .unknown { places[pair.second] = pair.first }
    }
    guard Double(identical) >= minimumIdentity * Double(residues.count) else {
      throw .sequence(identical: identical, residues: residues.count)
    }
    return places
  }
}
