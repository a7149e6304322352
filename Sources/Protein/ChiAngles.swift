/// Side-chain torsion angles of the twenty amino acids.
///
/// Suppl. Tables 2 and 3.
public enum ChiAngles {
  /// Largest number of angles per residue.
  public static let count = 4

  /// The four atoms of each side-chain torsion, chi1 first; empty for Ala, Gly and unknown.
  ///
  /// Arginine's fifth angle is always within 5° of 0 and omitted.
  public static func atoms(of residue: AminoAcid) -> [[AtomName]] {
    let path: [AtomName]
    switch residue {
    case .alanine, .glycine, .unknown: return []
    case .arginine: path = [.n, .ca, .cb, .cg, .cd, .ne, .cz]
    case .asparagine, .asparticAcid: path = [.n, .ca, .cb, .cg, .od1]
    case .cysteine: path = [.n, .ca, .cb, .sg]
    case .glutamine, .glutamicAcid: path = [.n, .ca, .cb, .cg, .cd, .oe1]
    case .histidine: path = [.n, .ca, .cb, .cg, .nd1]
    case .isoleucine: path = [.n, .ca, .cb, .cg1, .cd1]
    case .leucine, .phenylalanine, .tryptophan, .tyrosine: path = [.n, .ca, .cb, .cg, .cd1]
    case .lysine: path = [.n, .ca, .cb, .cg, .cd, .ce, .nz]
    case .methionine: path = [.n, .ca, .cb, .cg, .sd, .ce]
    case .proline: path = [.n, .ca, .cb, .cg, .cd]
    case .serine: path = [.n, .ca, .cb, .og]
    case .threonine: path = [.n, .ca, .cb, .og1]
    case .valine: path = [.n, .ca, .cb, .cg1]
    }
    return (0...(path.count - 4)).map { Array(path[$0..<($0 + 4)]) }
  }

  /// Whether a half turn about the bond gives the same side chain: Asp and Phe and Tyr chi2, Glu chi3.
  public static func isPeriodicInPi(_ chi: Int, of residue: AminoAcid) -> Bool {
    switch residue {
    case .asparticAcid, .phenylalanine, .tyrosine: chi == 1
    case .glutamicAcid: chi == 2
    default: false
    }
  }

  /// 1 where the residue type has the angle. `[21, 4]`
  public static let mask: [Float] = AminoAcid.allCases.flatMap { residue -> [Float] in
    let found = atoms(of: residue).count
    return (0..<count).map { $0 < found ? 1 : 0 }
  }

  /// 1 where the angle is periodic in π. `[21, 4]`
  public static let periodicInPi: [Float] = AminoAcid.allCases.flatMap { residue -> [Float] in
    (0..<count).map { isPeriodicInPi($0, of: residue) ? 1 : 0 }
  }

  /// Places in the atom37 order of the four atoms of each angle; 0 where there is none. `[21, 4, 4]`
  public static let atom37Indices: [Int] = AminoAcid.allCases.flatMap { residue -> [Int] in
    let angles = atoms(of: residue).map { $0.map(\.index) }
    let missing = [[Int]](repeating: [0, 0, 0, 0], count: count - angles.count)
    return (angles + missing).flatMap { $0 }
  }
}
