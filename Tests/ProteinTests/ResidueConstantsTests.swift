import Protein
import Testing

@Suite struct ResidueConstantsTests {
  @Test("letters, codes and indices name the same amino acid")
  func alphabet() {
    #expect(String(AminoAcid.allCases.map(\.letter)) == "ARNDCQEGHILKMFPSTWYVX")
    for residue in AminoAcid.allCases {
      #expect(AminoAcid(letter: residue.letter) == residue)
      #expect(AminoAcid(code: residue.code) == residue)
      #expect(AminoAcid(index: residue.index) == residue)
    }
    #expect(AminoAcid(index: 21) == nil)
    #expect(AminoAcid(index: -1) == nil)
  }

  @Test(
    "HHblits indices map to the network's",
    arguments: [
      ("C", 4), ("B", 3), ("U", 4), ("Z", 6), ("O", 20), ("J", 20), ("X", 20), ("-", 21),
    ])
  func hhblits(_ letter: String, _ expected: Int) throws {
    let byte = try #require(letter.utf8.first)
    let index = try #require(HHblitsAlphabet.index(of: byte))
    #expect(Int(HHblitsAlphabet.networkIndex[Int(index)]) == expected)
    #expect(HHblitsAlphabet.index(of: UInt8(ascii: "1")) == nil)
  }

  @Test("unusual letters get stand-ins and one warning per letter")
  func sequence() throws {
    let sequence = try ProteinSequence("mkU bzOJx*")
    #expect(sequence.letters == "MKCDEXXX")
    #expect(sequence.warnings.count == 5)
    #expect(sequence.warnings.contains("'U' is read as 'C' at position 3"))
    #expect(throws: ProteinSequenceError.notAnAminoAcid(letter: "1", position: 3)) {
      try ProteinSequence("AC1")
    }
    #expect(throws: ProteinSequenceError.empty) { try ProteinSequence("  ") }
  }

  @Test("atom14 and atom37 indices are inverse of each other")
  func atomOrders() {
    for residue in AminoAcid.allCases {
      for (slot, atom) in residue.atoms.enumerated() {
        #expect(Atom14.toAtom37[residue.index * 14 + slot] == atom.index)
        #expect(residue.atom14Index(of: atom) == slot)
      }
    }
    #expect(Atom14.mask.reduce(0, +) == 167 && Atom37.mask.reduce(0, +) == 167)
  }

  @Test("exchanging symmetric atoms twice changes nothing, and moves twelve atoms")
  func symmetricAtoms() {
    for place in Atom14.swapped.indices {
      let row = place / 14 * 14
      #expect(Atom14.swapped[row + Atom14.swapped[place]] == place % 14)
    }
    #expect(Atom14.isAmbiguous.reduce(0, +) == 12)
  }

  @Test("default frames are rotations with unit determinant")
  func frames() {
    for residue in AminoAcid.allCases where residue != .unknown {
      for group in 0..<8 where RigidGroups.mask[residue.index * 8 + group] == 1 {
        let m = Array(RigidGroups.defaultFrames[((residue.index * 8 + group) * 16)...].prefix(16))
        let x = SIMD3(m[0], m[4], m[8])
        let y = SIMD3(m[1], m[5], m[9])
        let z = SIMD3(m[2], m[6], m[10])
        let cross = SIMD3(
          x.y * y.z - x.z * y.y, x.z * y.x - x.x * y.z, x.x * y.y - x.y * y.x)
        #expect(abs((x * y).sum()) < 1e-6)
        #expect(abs((x * x).sum() - 1) < 1e-6)
        #expect(((cross - z) * (cross - z)).sum() < 1e-11)
      }
    }
  }

  @Test("residues built from ideal atoms have bonds within 0.06 Å of the ideal, but proline's ring")
  func bondLengths() {
    for residue in AminoAcid.allCases where residue != .unknown {
      let built = Self.atoms(of: residue)
      for bond in residue.idealBonds {
        guard let a = built[bond.first], let b = built[bond.second] else {
          Issue.record("\(residue.code) lacks \(bond.first) or \(bond.second)")
          continue
        }
        let isRingClosure = residue == .proline && bond.first == .cd && bond.second == .n
        let length = ((a - b) * (a - b)).sum().squareRoot()
        #expect(
          isRingClosure || abs(length - bond.length) < 0.06,
          "\(residue.code) \(bond.first)-\(bond.second) \(length)")
      }
    }
  }

  /// All atoms with every torsion angle 0, in the backbone's frame.
  static func atoms(of residue: AminoAcid) -> [AtomName: SIMD3<Double>] {
    var frames: [[Double]] = []
    for group in 0..<8 {
      let start = (residue.index * 8 + group) * 16
      let own = RigidGroups.defaultFrames[start..<start + 16].map(Double.init)
      frames.append(group < 5 ? own : product(frames[group - 1], own))
    }
    var atoms: [AtomName: SIMD3<Double>] = [:]
    for atom in residue.idealAtoms {
      let m = frames[atom.group]
      var placed = SIMD3<Double>()
      for axis in 0..<3 {
        let row = SIMD3(m[4 * axis], m[4 * axis + 1], m[4 * axis + 2])
        placed[axis] = (row * atom.position).sum() + m[4 * axis + 3]
      }
      atoms[atom.name] = placed
    }
    return atoms
  }

  private static func product(_ a: [Double], _ b: [Double]) -> [Double] {
    var result = [Double](repeating: 0, count: 16)
    for row in 0..<4 {
      for column in 0..<4 {
        for k in 0..<4 { result[row * 4 + column] += a[row * 4 + k] * b[k * 4 + column] }
      }
    }
    return result
  }

  @Test("tables agree with AlphaFold's, by position-weighted sums")
  func checksums() {
    let bounds = DistanceBounds()
    let tied: [Float] = zip(bounds.upper, bounds.deviation).map { $1 > 0 ? $0 : 0 }
    // alphafold-colabfold 2.3.27, alphafold/common/residue_constants.py: sum of value × (index mod 97 + 1).
    let expected: [(values: [Float], sum: Double)] = [
      (RigidGroups.defaultFrames, 14676.18812),
      (RigidGroups.atom14Position, 7244.08005),
      (RigidGroups.atom14Group.map(Float.init), 21274.00000),
      (bounds.lower, 103610.71735),
      (tied, 73657.50366),
      (bounds.deviation, 907.58622),
      (ChiAngles.mask, 1505.00000),
      (ChiAngles.periodicInPi, 169.00000),
    ]
    for (values, sum) in expected {
      var weighted = 0.0
      for (index, value) in values.enumerated() {
        weighted += Double(value) * Double(index % 97 + 1)
      }
      #expect(abs(weighted - sum) < 0.01)
    }
  }
}
