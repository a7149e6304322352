import Evidence
import FeaturePipeline
import NumericArrays
import Protein

/// Places the residues of a structure in a sequence that may be longer.
enum ChainLabels {
  /// Share of the structure's residues that must agree with the sequence.
  static let minimumIdentity = 0.9

  /// Coordinates in the order of the sequence, 0 where the structure has no residue.
  static func place(
    _ residues: [Residue], of chain: Chain, on sequence: ProteinSequence
  ) throws(RejectionReason) -> (positions: NDArray<Float>, mask: NDArray<Float>) {
    let atoms = Atom37Coordinates(residues)
    guard atoms.positions.allSatisfy({ $0.isFinite && abs($0) < 1e6 }) else {
      throw .unreadable("coordinates that are not finite")
    }
    let places = try places(of: residues, chain, in: sequence)
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
  ///
  /// The file's own places are used if it lists the same polymer. Otherwise the sequences are aligned, with missing residues placed
  /// where the chain is interrupted: letters alone cannot decide on which side of a missing loop an equal letter belongs.
  private static func places(
    of residues: [Residue], _ chain: Chain, in sequence: ProteinSequence
  ) throws(RejectionReason) -> [Int?] {
    let types = residues.map(\.aminoAcid)
    if types == sequence.residues { return Array(types.indices) }
    if chain.polymerTypes == sequence.residues {
      let places = residues.map { residue in
        residue.polymerIndex.flatMap { sequence.residues.indices.contains($0 - 1) ? $0 - 1 : nil }
      }
      if places.allSatisfy({ $0 != nil }) { return places }
    }
    var places = [Int?](repeating: nil, count: residues.count)
    let alignment: PairwiseAligner.Alignment
    do {
      alignment = try PairwiseAligner().align(
        Array(String(types.map(\.letter)).utf8), Array(sequence.letters.utf8),
        breaks: ChainContinuity.breaks(in: residues))
    } catch {
      throw .unreadable("\(error)")
    }
    var identical = 0
    for pair in alignment.pairs {
      let fits = types[pair.first] == sequence.residues[pair.second]
      if fits { identical += 1 }
      if fits || types[pair.first] == .unknown { places[pair.first] = pair.second }
    }
    guard Double(identical) >= minimumIdentity * Double(residues.count) else {
      throw .sequence(identical: identical, residues: residues.count)
    }
    return places
  }
}

extension Chain {
  /// Residue types of the whole polymer as listed in the file; empty if it does not list them.
  var polymerTypes: [AminoAcid] {
    polymerSequence.map { AminoAcid(component: $0) }
  }
}
