/// The 37 heavy atoms of proteins; the raw value is the place in the atom37 order.
///
/// One fixed slot for every atom name of the twenty amino acids, used where arrays hold atoms by name.
public enum AtomName: UInt8, CaseIterable, Sendable, Hashable {
  case n, ca, c, cb, o, cg, cg1, cg2, og, og1, sg, cd, cd1, cd2, nd1, nd2, od1, od2, sd
  case ce, ce1, ce2, ce3, ne, ne1, ne2, oe1, oe2, ch2, nh1, nh2, oh, cz, cz2, cz3, nz, oxt

  /// Number of slots in the atom37 order.
  public static let count = 37

  /// Place in the atom37 order, 0 … 36.
  public var index: Int { Int(rawValue) }

  /// Name as written in PDB files, such as `CA`.
  public var name: String { Self.names[index] }

  /// Chemical element: the first letter of the name.
  public var element: Element { Self.elements[index] }

  /// The atom with a name such as `CA`; nil if it is not one of the 37.
  public init?(name: some StringProtocol) {
    guard let found = Self.byName[String(name)] else { return nil }
    self = found
  }

  /// The elements of the 37 atoms.
  public enum Element: Sendable, Hashable {
    case carbon, nitrogen, oxygen, sulfur

    /// Symbol, such as `C`.
    public var symbol: String {
      switch self {
      case .carbon: "C"
      case .nitrogen: "N"
      case .oxygen: "O"
      case .sulfur: "S"
      }
    }

    /// Van der Waals radius in Å, as in the supplement, section 1.9.11 (Bondi 1964).
    public var vanDerWaalsRadius: Double {
      switch self {
      case .carbon: 1.7
      case .nitrogen: 1.55
      case .oxygen: 1.52
      case .sulfur: 1.8
      }
    }
  }

  private static let names = allCases.map { String(describing: $0).uppercased() }

  private static let byName = Dictionary(uniqueKeysWithValues: allCases.map { ($0.name, $0) })

  private static let elements: [Element] = names.map { name in
    switch name.first {
    case "N": .nitrogen
    case "O": .oxygen
    case "S": .sulfur
    default: .carbon
    }
  }
}

extension AtomName {
  /// The atom that represents the side chain of a residue type, given by index: Cβ, or Cα for glycine.
  public static func pseudoBeta(of type: Int) -> AtomName {
    type == AminoAcid.glycine.index ? .ca : .cb
  }
}
