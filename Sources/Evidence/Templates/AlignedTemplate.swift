import FeaturePipeline
import NumericArrays
import Protein

/// One template aligned to the target.
public struct AlignedTemplate: Hashable, Sendable {
  /// `entry_chain`.
  public var name: String
  /// Template letters at each residue of the target, `-` if there is none. `N_res` letters
  public var sequence: [UInt8]
  /// Coordinates in the atom37 order, Å; 0 where missing. `[N_res, 37, 3]`
  public var positions: [Float]
  /// 1 where the atom is known. `[N_res, 37]`
  public var mask: [Float]
  /// Sum of the posterior probabilities of the alignment; 0 if the search computes none.
  public var sumOfProbabilities: Float

  /// Atoms with coordinates.
  public var atoms: Int { mask.count { $0 > 0 } }

  /// Aligns residues of a chain to the target; `pairs` are positions in target and chain, `letters` those to show.
  init(
    name: String, targetLength: Int, chain: TemplateChain,
    pairs: [(target: Int, place: Int, letter: UInt8)], sumOfProbabilities: Float
  ) {
    self.name = name
    self.sumOfProbabilities = sumOfProbabilities
    sequence = [UInt8](repeating: UInt8(ascii: "-"), count: targetLength)
    positions = [Float](repeating: 0, count: targetLength * AtomName.count * 3)
    mask = [Float](repeating: 0, count: targetLength * AtomName.count)
    for pair in pairs {
      sequence[pair.target] = pair.letter
      for (name, atom) in chain.residues[pair.place]?.conventionalAtoms ?? [:] {
        let slot = pair.target * AtomName.count + name.index
        mask[slot] = 1
        for axis in 0..<3 { positions[slot * 3 + axis] = Float(atom.position[axis]) }
      }
    }
  }
}

extension AlignedTemplate {
  /// Whether two chains have the same residues where both have any, over nearly all of the shorter one.
  func isCopy(of other: AlignedTemplate) -> Bool {
    let gap = UInt8(ascii: "-")
    let shared = zip(sequence, other.sequence).filter { $0 != gap && $1 != gap }
    let length = min(sequence.count { $0 != gap }, other.sequence.count { $0 != gap })
    return shared.allSatisfy { $0 == $1 } && 10 * shared.count >= 9 * length
  }
}

extension TemplateStructures {
  /// The template arrays of the feature dictionary.
  public init(_ templates: [AlignedTemplate], residueCount n: Int) {
    let count = templates.count
    let gap = HHblitsAlphabet.gap
    self.init(
      names: templates.map(\.name), sequences: templates.map(\.sequence.text),
      aatype: NDArray(
        shape: [count, n],
        values: templates.flatMap { template in
          template.sequence.map {
            HHblitsAlphabet.networkIndex[Int(HHblitsAlphabet.index(of: $0) ?? gap)]
          }
        }),
      positions: NDArray(
        shape: [count, n, AtomName.count, 3], values: templates.flatMap(\.positions)),
      mask: NDArray(shape: [count, n, AtomName.count], values: templates.flatMap(\.mask)),
      sumProbabilities: templates.map(\.sumOfProbabilities))
  }
}
