/// Coordinates of a chain in the atom37 order.
public struct Atom37Coordinates: Sendable, Hashable {
  /// Coordinates in Å; 0 where the atom is missing. `[N_res, 37, 3]`
  public var positions: [Float]
  /// 1 where the atom is known. `[N_res, 37]`
  public var mask: [Float]
  /// Residue types, 0 … 20. `[N_res]`
  public var aatype: [Int]

  /// Number of residues.
  public var count: Int { aatype.count }

  /// Coordinates of the residues, one row each, in the order given.
  ///
  /// Of alternate locations the one with the highest occupancy counts, the first in case of ties. Selenium of selenomethionine and
  /// selenocysteine takes the sulfur's place. Atoms outside the 37 are dropped. Atoms are named by convention
  /// (``Residue/conventionalAtoms``).
  public init(_ residues: [Residue]) {
    positions = [Float](repeating: 0, count: residues.count * Atom37.count * 3)
    mask = [Float](repeating: 0, count: residues.count * Atom37.count)
    aatype = residues.map(\.aminoAcid.index)
    for (row, residue) in residues.enumerated() {
      for (name, atom) in residue.conventionalAtoms {
        let slot = row * Atom37.count + name.index
        mask[slot] = 1
        for axis in 0..<3 { positions[slot * 3 + axis] = Float(atom.position[axis]) }
      }
    }
  }
}

extension Residue {
  /// The atom for each name among the 37, one location of each.
  ///
  /// Of alternate locations the one with the highest occupancy counts, the first in case of ties.
  public var standardAtoms: [AtomName: Atom] {
    var chosen: [AtomName: Atom] = [:]
    for atom in atoms {
      guard let name = standardName(of: atom) else { continue }
      if let other = chosen[name], other.occupancy >= atom.occupancy { continue }
      chosen[name] = atom
    }
    return chosen
  }

  /// ``standardAtoms`` with NH1 and NH2 of arginine as convention names them: NH1 is the one nearer to CD.
  ///
  /// AlphaFold2 does the same for labels and templates (`templates.py`, `_get_atom_positions`); some PDB entries have them
  /// exchanged.
  public var conventionalAtoms: [AtomName: Atom] {
    var atoms = standardAtoms
    guard name == "ARG", let cd = atoms[.cd], let nh1 = atoms[.nh1], let nh2 = atoms[.nh2] else {
      return atoms
    }
    let (first, second) = (nh1.position - cd.position, nh2.position - cd.position)
    if (first * first).sum() > (second * second).sum() {
      atoms[.nh1] = nh2
      atoms[.nh2] = nh1
    }
    return atoms
  }

  private func standardName(of atom: Atom) -> AtomName? {
    if atom.element == "SE" {
      switch aminoAcid {
      case .methionine: return .sd
      case .cysteine: return .sg
      default: return nil
      }
    }
    // In an amino acid the name is more reliable than the element, which some programs write wrongly: `CA` for a C-alpha.
    guard let name = AtomName(name: atom.name),
      name.element.symbol == atom.element || aminoAcid != .unknown
    else { return nil }
    // CHARMM's name for the only δ carbon of isoleucine, which needs no number.
    return name == .cd && aminoAcid == .isoleucine ? .cd1 : name
  }
}
