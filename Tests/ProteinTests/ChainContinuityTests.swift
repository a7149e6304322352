import Protein
import Testing

@Suite("Interrupted chains")
struct ChainContinuityTests {
  private func residue(_ number: Int, at x: Double?) -> Residue {
    let atoms = x.map { [Atom(name: "CA", element: "C", position: SIMD3($0, 0, 0))] } ?? []
    return Residue(name: "ALA", number: number, atoms: atoms)
  }

  // Distances 3.8, 3.8, 12, 3.8, 21 and 3.8 Å: interrupted before the fourth and the sixth; 21 Å are more than five steps of 4 Å.
  @Test("a hole counts as the authors' numbers say, and at least as what can span it")
  func numbers() {
    let residues = [
      residue(1, at: 0), residue(2, at: 3.8), residue(3, at: 7.6), residue(9, at: 19.6),
      residue(10, at: 23.4), residue(11, at: 44.4), residue(50, at: 48.2),
    ]
    #expect(ChainContinuity.breaks(in: residues) == [3, 5])
    #expect(ChainContinuity.numbers(of: residues) == [0, 1, 2, 8, 9, 15, 16])
  }

  @Test("without a C-alpha the authors' numbers decide, and they never go back")
  func withoutAlpha() {
    let residues = [residue(4, at: nil), residue(7, at: 0), residue(7, at: nil), residue(1, at: 0)]
    #expect(ChainContinuity.numbers(of: residues) == [0, 3, 4, 5])
    #expect(ChainContinuity.numbers(of: []) == [])
    #expect(
      ChainContinuity.numbers(of: [residue(0, at: 0), residue(9_999_999, at: nil)])[1] == 1000)
  }

  // NH1 lies 2 Å from CD, NH2 1 Å: the names are exchanged.
  @Test("NH1 of arginine is the nitrogen nearer to CD, whatever the file calls it")
  func arginine() {
    func atom(_ name: String, _ x: Double) -> Atom {
      Atom(name: name, element: String(name.prefix(1)), position: SIMD3(x, 0, 0))
    }
    let atoms = [atom("CD", 0), atom("NH1", 2), atom("NH2", 1)]
    for (name, first) in [("ARG", Float(1)), ("LYS", 2)] {
      let arrays = Atom37Coordinates([Residue(name: name, number: 1, atoms: atoms)])
      #expect(arrays.positions[AtomName.nh1.index * 3] == first)
      #expect(arrays.positions[AtomName.nh2.index * 3] == 3 - first)
    }
  }
}
