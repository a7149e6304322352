import Protein

/// lDDT: the share of the reference's short distances that a model keeps, without superposition.
///
/// Mariani et al. 2013. All pairs of reference atoms in different residues within 15 Å; the share whose distance in the model
/// differs by less than 0.5, 1, 2 and 4 Å, averaged over the four. Pooled over all pairs; a pair with an atom that the model lacks
/// fails. Atoms that differ only in name are renamed if that fits better, as in OpenStructure.
public struct LocalDistanceDifference: Sendable, Hashable {
  /// The score, 0 … 1; nil if the reference has no pair.
  public var score: Double?
  /// The share of kept distances of each reference residue; nil where it has no pair. `[N_ref]`
  public var perResidue: [Double?]
  /// Number of reference pairs.
  public var pairCount: Int

  /// Which atoms are compared.
  public enum Atoms: Sendable {
    /// All heavy atoms of the reference; the terminal OXT, which no network predicts, only if the model has it too.
    case all
    /// C-alphas only.
    case alphaCarbons
  }

  /// Largest distance in the reference that counts, Å.
  public static let inclusionRadius = 15.0
  /// Differences below which a distance is kept, Å.
  public static let thresholds = [0.5, 1.0, 2.0, 4.0]

  /// Compares a model with a reference, residue by residue.
  ///
  /// - Parameters:
  ///   - reference: residues of the reference.
  ///   - model: for each of them the model's residue, nil if the model has none.
  public init(reference: [Residue], model: [Residue?], atoms: Atoms = .all) {
    let pairs = AtomPairs(reference: reference, model: model, atoms: atoms)
    let tally = pairs.tally(renaming: atoms == .all ? pairs.renamings() : [])
    perResidue = tally.map(\.share)
    // Each pair is counted for both of its residues.
    let total = tally.reduce(into: Tally()) { $0.add($1) }
    score = total.share
    pairCount = total.pairs / 2
  }
}

/// Kept distances of a residue: quarters of a point per threshold.
private struct Tally {
  var kept = 0
  var pairs = 0

  var share: Double? { pairs == 0 ? nil : Double(kept) / Double(4 * pairs) }

  mutating func add(_ other: Tally) {
    kept += other.kept
    pairs += other.pairs
  }
}

/// Atoms of the reference with their partners in the model.
private struct AtomPairs {
  private var positions: [SIMD3<Double>] = []
  private var partners: [SIMD3<Double>] = []
  private var hasPartner: [Bool] = []
  private var residue: [Int32] = []
  /// Index of the atom that has this one's name after renaming; itself for most.
  private var twin: [Int32] = []
  private let residueCount: Int
  private let grid: CellGrid

  init(reference: [Residue], model: [Residue?], atoms: LocalDistanceDifference.Atoms) {
    residueCount = reference.count
    for (index, residue) in reference.enumerated() {
      let candidates = residue.standardAtoms
      let found = model[index]?.standardAtoms ?? [:]
      let names = AtomName.allCases.filter { name in
        guard candidates[name] != nil else { return false }
        return atoms == .all ? name != .oxt || found[.oxt] != nil : name == .ca
      }
      let first = positions.count
      var swaps: [AtomName: AtomName] = [:]
      for (a, b) in residue.aminoAcid.interchangeablePairs
      where names.contains(a) && names.contains(b) {
        swaps[a] = b
        swaps[b] = a
      }
      for name in names {
        guard let atom = candidates[name] else { continue }
        positions.append(atom.position)
        partners.append(found[name]?.position ?? .zero)
        hasPartner.append(found[name] != nil)
        self.residue.append(Int32(index))
        let place = swaps[name].flatMap(names.firstIndex).map { first + $0 }
        twin.append(Int32(place ?? positions.count - 1))
      }
    }
    grid = CellGrid(positions, radius: LocalDistanceDifference.inclusionRadius)
  }

  /// Tally of every residue, with the atoms of some residues renamed.
  func tally(renaming: Set<Int>) -> [Tally] {
    var result = [Tally](repeating: Tally(), count: residueCount)
    let partner = positions.indices.map { atom in
      renaming.contains(Int(residue[atom])) ? Int(twin[atom]) : atom
    }
    for atom in positions.indices {
      let own = Int(residue[atom])
      let tally = tally(of: atom, as: partner[atom]) { other in
        partner[other]
      }
      result[own].add(tally)
    }
    return result
  }

  /// Residues for which the model's symmetric atoms, with names exchanged, keep more distances to atoms that have only one name.
  func renamings() -> Set<Int> {
    var plain: [Int: Tally] = [:]
    var swapped: [Int: Tally] = [:]
    for atom in positions.indices where Int(twin[atom]) != atom {
      let own = Int(residue[atom])
      let unique = { (other: Int) in Int(twin[other]) == other ? other : nil }
      plain[own, default: Tally()].add(tally(of: atom, as: atom, partner: unique))
      swapped[own, default: Tally()].add(tally(of: atom, as: Int(twin[atom]), partner: unique))
    }
    return Set(plain.keys.filter { (swapped[$0]?.share ?? 0) > (plain[$0]?.share ?? 0) })
  }

  /// Kept distances between one atom, standing for another of the model, and all atoms near it in the reference.
  private func tally(of atom: Int, as stand: Int, partner: (Int) -> Int?) -> Tally {
    let radius2 = LocalDistanceDifference.inclusionRadius * LocalDistanceDifference.inclusionRadius
    let place = positions[atom]
    let own = residue[atom]
    let moved = partners[stand]
    let isKnown = hasPartner[stand]
    var tally = Tally()
    grid.forEachNear(place) { other in
      let gap = positions[other] - place
      let distance2 = (gap * gap).sum()
      guard distance2 <= radius2, residue[other] != own, let other = partner(other) else { return }
      tally.pairs += 1
      guard isKnown, hasPartner[other] else { return }
      let movedGap = partners[other] - moved
      let difference = abs((movedGap * movedGap).sum().squareRoot() - distance2.squareRoot())
      for threshold in LocalDistanceDifference.thresholds where difference < threshold {
        tally.kept += 1
      }
    }
    return tally
  }
}

extension AminoAcid {
  /// Pairs of atoms that OpenStructure's lDDT lets exchange names: the four symmetric side chains, and Arg, Val and Leu.
  ///
  /// The ends of arginine's guanidinium are the same in nature; those of valine and leucine are prochiral, and
  /// programs name them differently.
  public var interchangeablePairs: [(AtomName, AtomName)] {
    switch self {
    case .arginine: [(.nh1, .nh2)]
    case .valine: [(.cg1, .cg2)]
    case .leucine: [(.cd1, .cd2)]
    default: symmetricAtomPairs
    }
  }
}
