extension AminoAcid {
  /// Heavy atoms of the residue in the atom14 order, without the terminal oxygen; empty for unknown.
  ///
  /// At most 14, tryptophan's number. Backbone N, CA, C, O first, then CB and the side chain outwards.
  public var atoms: [AtomName] { Self.atom14Table[index] }

  /// Place of an atom in the atom14 order; nil if the residue has no such atom.
  public func atom14Index(of atom: AtomName) -> Int? { atoms.firstIndex(of: atom) }

  /// Pairs of atoms that differ only in name: a half turn of the last side-chain bond swaps them.
  ///
  /// The four residues of the supplement's table of ambiguous atoms (Suppl. Table 3): Asp, Glu, Phe, Tyr.
  public var symmetricAtomPairs: [(AtomName, AtomName)] {
    switch self {
    case .asparticAcid: [(.od1, .od2)]
    case .glutamicAcid: [(.oe1, .oe2)]
    case .phenylalanine, .tyrosine: [(.cd1, .cd2), (.ce1, .ce2)]
    default: []
    }
  }

  private static let atom14Table: [[AtomName]] = allCases.map { residue in
    residue == .unknown ? [] : [.n, .ca, .c, .o] + sideChain(of: residue)
  }

  private static func sideChain(of residue: AminoAcid) -> [AtomName] {
    switch residue {
    case .glycine, .unknown: []
    case .alanine: [.cb]
    case .arginine: [.cb, .cg, .cd, .ne, .cz, .nh1, .nh2]
    case .asparagine: [.cb, .cg, .od1, .nd2]
    case .asparticAcid: [.cb, .cg, .od1, .od2]
    case .cysteine: [.cb, .sg]
    case .glutamine: [.cb, .cg, .cd, .oe1, .ne2]
    case .glutamicAcid: [.cb, .cg, .cd, .oe1, .oe2]
    case .histidine: [.cb, .cg, .nd1, .cd2, .ce1, .ne2]
    case .isoleucine: [.cb, .cg1, .cg2, .cd1]
    case .leucine: [.cb, .cg, .cd1, .cd2]
    case .lysine: [.cb, .cg, .cd, .ce, .nz]
    case .methionine: [.cb, .cg, .sd, .ce]
    case .phenylalanine: [.cb, .cg, .cd1, .cd2, .ce1, .ce2, .cz]
    case .proline: [.cb, .cg, .cd]
    case .serine: [.cb, .og]
    case .threonine: [.cb, .og1, .cg2]
    case .tryptophan: [.cb, .cg, .cd1, .cd2, .ne1, .ce2, .ce3, .cz2, .cz3, .ch2]
    case .tyrosine: [.cb, .cg, .cd1, .cd2, .ce1, .ce2, .cz, .oh]
    case .valine: [.cb, .cg1, .cg2]
    }
  }
}

/// Flat tables by residue type (0 … 20) for the compact order of 14 atoms per residue.
public enum Atom14 {
  /// Slots per residue.
  public static let count = 14

  /// 1 where the residue type has an atom in the slot. `[21, 14]`
  public static let mask: [Float] = AminoAcid.allCases.flatMap { residue -> [Float] in
    (0..<count).map { $0 < residue.atoms.count ? 1 : 0 }
  }

  /// Place in the atom37 order of each slot; 0 where the slot is empty. `[21, 14]`
  public static let toAtom37: [Int] = AminoAcid.allCases.flatMap { residue in
    (0..<count).map { $0 < residue.atoms.count ? residue.atoms[$0].index : 0 }
  }

  /// Slot that the atom's twin has after renaming symmetric atoms; the slot itself elsewhere. `[21, 14]`
  public static let swapped: [Int] = AminoAcid.allCases.flatMap { residue in
    var slots = Array(0..<count)
    for (first, second) in residue.symmetricAtomPairs {
      guard let i = residue.atom14Index(of: first), let j = residue.atom14Index(of: second) else {
        continue
      }
      slots.swapAt(i, j)
    }
    return slots
  }

  /// 1 where renaming moves the atom. `[21, 14]`
  public static let isAmbiguous: [Float] = swapped.enumerated().map { offset, slot in
    slot == offset % count ? 0 : 1
  }

  /// Van der Waals radius of each slot in Å; 0 where the slot is empty. `[21, 14]`
  public static let vanDerWaalsRadius: [Float] = AminoAcid.allCases.flatMap { residue -> [Float] in
    (0..<count).map { slot in
      slot < residue.atoms.count ? Float(residue.atoms[slot].element.vanDerWaalsRadius) : 0
    }
  }
}

/// Flat tables by residue type (0 … 20) for the order of 37 atom names.
public enum Atom37 {
  /// Slots per residue.
  public static let count = AtomName.count

  /// 1 where the residue type has the atom. `[21, 37]`
  public static let mask: [Float] = AminoAcid.allCases.flatMap { residue -> [Float] in
    AtomName.allCases.map { residue.atoms.contains($0) ? 1 : 0 }
  }
}
