import Protein

/// Checks of a model on its own: handedness of its amino acids, peptide bonds, and clashing atoms.
///
/// lDDT cannot see a mirror image, and none of the scores sees a broken chain or two atoms in one place.
public struct ModelQuality: Sendable, Hashable {
  /// Residues whose C-alpha has N, C and CB, so that its hand can be determined.
  public var chiralCount: Int
  /// Residues with the wrong hand (D instead of L).
  public var wrongHand: [String]
  /// Pairs of neighbours that have C and N, so that their bond can be measured.
  public var bondCount: Int
  /// Pairs whose bond deviates by more than twelve standard deviations, such as `ALA 12–GLY 13`.
  public var brokenBonds: [String]
  /// Pairs of atoms of different residues, not bonded, that overlap by more than 1.5 Å.
  public var clashCount: Int
  /// The worst overlaps, worst first, at most as many as the table lists.
  public var worstClashes: [Clash]
  /// Heavy atoms that were checked.
  public var atomCount: Int

  /// Two atoms that are too close.
  public struct Clash: Sendable, Hashable {
    /// Residue and atom of both, such as `ALA 12 CB`.
    public var first, second: String
    /// Distance and overlap of their van der Waals spheres, Å.
    public var distance, overlap: Double
  }

  /// Whether nine of ten residues or more have the wrong hand: the model is a mirror image.
  ///
  /// In poor models half of the hands may be wrong although the fold is not mirrored.
  public var isMirrorImage: Bool { chiralCount > 0 && 10 * wrongHand.count >= 9 * chiralCount }

  /// Overlap from which two atoms clash, Å, as in the supplement, section 1.9.11.
  public static let overlapTolerance = 1.5

  /// Findings of one kind that the table for people names.
  static let listed = 5

  /// Checks the residues of one chain.
  public init(_ residues: [Residue]) {
    let atoms = residues.map(\.standardAtoms)
    let hands = zip(residues, atoms).compactMap { residue, atoms in
      Self.isLeftHanded(atoms).map { (residue, $0) }
    }
    chiralCount = hands.count
    wrongHand = hands.filter { !$0.1 }.map { "\($0.0.name) \($0.0.label)" }
    let previous = Self.previous(residues)
    let bonds = residues.indices.compactMap { index -> (name: String, isBroken: Bool)? in
      let second = residues[index]
      guard let before = previous[index], let c = atoms[before][.c]?.position,
        let n = atoms[index][.n]?.position
      else { return nil }
      let first = residues[before]
      return (
        "\(first.name) \(first.label)–\(second.name) \(second.label)",
        PeptideGeometry.isBroken(c, n, isProlineNext: second.aminoAcid == .proline)
      )
    }
    bondCount = bonds.count
    brokenBonds = bonds.filter(\.isBroken).map(\.name)
    var places: [Place] = []
    for (index, atoms) in atoms.enumerated() {
      for name in AtomName.allCases {
        guard let atom = atoms[name] else { continue }
        places.append(Place(residue: index, name: name, position: atom.position))
      }
    }
    let clashes = Self.clashes(places, previous: previous)
    atomCount = places.count
    clashCount = clashes.count
    worstClashes = clashes.worst.map { clash in
      func label(_ place: Place) -> String {
        "\(residues[place.residue].name) \(residues[place.residue].label) \(place.name.name)"
      }
      return Clash(
        first: label(places[clash.i]), second: label(places[clash.j]), distance: clash.distance,
        overlap: clash.overlap)
    }
  }

  /// Neighbours of residues towards the N terminus: those before them in the file if numbers agree, else those numbered one less.
  ///
  /// Residues may be in any order, and those with insertion codes share a number.
  private static func previous(_ residues: [Residue]) -> [Int?] {
    var last: [Int: Int] = [:]
    for (index, residue) in residues.enumerated() { last[residue.number] = index }
    return residues.indices.map { index in
      let number = residues[index].number
      if index > 0, (0...1).contains(number - residues[index - 1].number) { return index - 1 }
      return last[number - 1]
    }
  }

  /// Whether the C-alpha is an L one: seen along C-alpha to N, the triple product of N, C, CB is positive.
  private static func isLeftHanded(_ atoms: [AtomName: Atom]) -> Bool? {
    guard let ca = atoms[.ca]?.position, let n = atoms[.n]?.position, let c = atoms[.c]?.position,
      let cb = atoms[.cb]?.position
    else { return nil }
    let (u, v, w) = (n - ca, c - ca, cb - ca)
    let volume = (cross(u, v) * w).sum()
    // 2.6 Å³ in an amino acid; for coincident or coplanar atoms the hand is undefined.
    return abs(volume) < 0.5 ? nil : volume > 0
  }

  private struct Place {
    var residue: Int
    var name: AtomName
    var position: SIMD3<Double>
  }

  /// Pairs of atoms that are too close: their number, and the worst of them.
  ///
  /// In a collapsed model every two atoms clash, so the pairs themselves are not kept.
  private struct Overlaps {
    private(set) var count = 0
    /// Worst first, ties in the order found.
    private(set) var worst: [(i: Int, j: Int, distance: Double, overlap: Double)] = []

    mutating func add(_ i: Int, _ j: Int, distance: Double, overlap: Double) {
      count += 1
      if worst.count == ModelQuality.listed {
        guard overlap > worst[ModelQuality.listed - 1].overlap else { return }
        worst.removeLast()
      }
      let place = worst.firstIndex { $0.overlap < overlap } ?? worst.count
      worst.insert((i, j, distance, overlap), at: place)
    }
  }

  private static func clashes(_ places: [Place], previous: [Int?]) -> Overlaps {
    let largest = 2 * AtomName.Element.sulfur.vanDerWaalsRadius - overlapTolerance
    let grid = CellGrid(places.map(\.position), radius: largest)
    var found = Overlaps()
    for i in places.indices {
      grid.forEachNear(places[i].position) { j in
        guard j > i, places[j].residue != places[i].residue else { return }
        let gap = places[i].position - places[j].position
        let distance = (gap * gap).sum().squareRoot()
        if areBonded(places[i], places[j], distance: distance, previous: previous) { return }
        let contact =
          places[i].name.element.vanDerWaalsRadius + places[j].name.element.vanDerWaalsRadius
        let overlap = contact - distance
        if overlap > overlapTolerance { found.add(i, j, distance: distance, overlap: overlap) }
      }
    }
    return found
  }

  /// Least distance of two sulfurs that are bonded, Å; 2.05 ± 0.03 in disulfide bridges.
  private static let shortestDisulfide = 1.8

  /// The peptide bond between neighbours in the file or by number, and disulfide bridges.
  private static func areBonded(
    _ a: Place, _ b: Place, distance: Double, previous: [Int?]
  ) -> Bool {
    if a.name == .sg && b.name == .sg { return distance >= shortestDisulfide }
    let (carbon, nitrogen) = a.name == .c ? (a, b) : (b, a)
    guard carbon.name == .c, nitrogen.name == .n else { return false }
    return nitrogen.residue == carbon.residue + 1 || previous[nitrogen.residue] == carbon.residue
  }
}
