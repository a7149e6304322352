/// Coordinates of molecules, as read from a PDB or mmCIF file.
public struct Structure: Sendable, Hashable {
  /// Entry name or title; empty if the file has none.
  public var name: String
  /// Models in file order; at least one after reading.
  public var models: [Model]
  /// Resolution in Å; nil if unknown or not applicable.
  public var resolution: Double?
  /// Experimental method, such as `X-RAY DIFFRACTION`.
  public var method: String?
  /// Date of the first release, `YYYY-MM-DD`.
  public var releaseDate: String?
  /// Remarks about how the file was read, one line each.
  public var warnings: [String]

  /// A structure.
  public init(
    name: String = "", models: [Model], resolution: Double? = nil, method: String? = nil,
    releaseDate: String? = nil, warnings: [String] = []
  ) {
    self.name = name
    self.models = models
    self.resolution = resolution
    self.method = method
    self.releaseDate = releaseDate
    self.warnings = warnings
  }
}

/// One set of coordinates of all chains.
public struct Model: Sendable, Hashable {
  /// Number given in the file.
  public var number: Int
  /// Chains in file order.
  public var chains: [Chain]

  /// A model.
  public init(number: Int = 1, chains: [Chain]) {
    self.number = number
    self.chains = chains
  }
}

/// One chain: residues that follow one another.
public struct Chain: Sendable, Hashable {
  /// The authors' name (`auth_asym_id`), as in PDB files.
  public var id: String
  /// The mmCIF dictionary's name (`label_asym_id`); nil for PDB files.
  public var labelID: String?
  /// Residues with coordinates, in file order; solvent and ligands included.
  public var residues: [Residue]
  /// Three-letter codes of the whole polymer, missing residues included; empty if the file does not say.
  public var polymerSequence: [String]

  /// What a chain of a name is called in a sentence; PDB files may give none.
  public static func title(_ id: String) -> String {
    id.allSatisfy(\.isWhitespace) ? "unnamed chain" : "chain '\(id)'"
  }

  /// A chain.
  public init(
    id: String, labelID: String? = nil, residues: [Residue], polymerSequence: [String] = []
  ) {
    self.id = id
    self.labelID = labelID
    self.residues = residues
    self.polymerSequence = polymerSequence
  }

  /// Residues of the polymer that are amino acids, by name or by having an N, a CA and a C; without ligands.
  public var aminoAcidResidues: [Residue] { residues.filter { $0.isAminoAcid && !$0.isNonPolymer } }
}

/// One residue of a chain.
public struct Residue: Sendable, Hashable {
  /// Component name, such as `ALA`, `MSE` or `HOH`.
  public var name: String
  /// The authors' number.
  public var number: Int
  /// Insertion code, nil if there is none.
  public var insertionCode: Character?
  /// Position in the polymer, counted from 1 (`label_seq_id`); nil for PDB files and non-polymers.
  public var polymerIndex: Int?
  /// Whether the file calls its atoms hetero atoms.
  public var isHetero: Bool
  /// Whether the file separates it from the polymer: solvent, ligands and free amino acids.
  ///
  /// Hetero atoms after TER in a PDB file; in mmCIF those without a place in the polymer, if the file numbers places.
  public var isNonPolymer: Bool
  /// Atoms in file order, alternate locations included.
  public var atoms: [Atom]

  /// A residue.
  public init(
    name: String, number: Int, insertionCode: Character? = nil, polymerIndex: Int? = nil,
    isHetero: Bool = false, isNonPolymer: Bool = false, atoms: [Atom]
  ) {
    self.name = name
    self.number = number
    self.insertionCode = insertionCode
    self.polymerIndex = polymerIndex
    self.isHetero = isHetero
    self.isNonPolymer = isNonPolymer
    self.atoms = atoms
  }

  /// Residue type; modified residues count as their parent, others as unknown.
  public var aminoAcid: AminoAcid {
    AminoAcid(component: name)
  }

  /// Whether this is an amino acid, by its name or, for an unknown name, by having an N, a CA and a C.
  public var isAminoAcid: Bool {
    if AminoAcid(code: name) != nil || AminoAcid(parentOfModifiedResidue: name) != nil {
      return true
    }
    return ["N", "CA", "C"].allSatisfy { name in
      atoms.contains { $0.name == name && $0.element == String(name.prefix(1)) }
    }
  }

  /// Number and insertion code as people write them, such as `52A`.
  public var label: String { "\(number)\(insertionCode.map(String.init) ?? "")" }
}

/// One atom.
public struct Atom: Sendable, Hashable {
  /// Name without padding, such as `CA`.
  public var name: String
  /// Element symbol in upper case, such as `C` or `SE`.
  public var element: String
  /// Coordinates, Å.
  public var position: SIMD3<Double>
  /// Share of molecules with the atom at this place, 0 … 1.
  public var occupancy: Double
  /// Temperature factor in Å², or in predictions the confidence on a scale of 0 … 100.
  public var bFactor: Double
  /// Alternate location, nil if there is none.
  public var alternateLocation: Character?

  /// An atom.
  public init(
    name: String, element: String, position: SIMD3<Double>, occupancy: Double = 1,
    bFactor: Double = 0, alternateLocation: Character? = nil
  ) {
    self.name = name
    self.element = element
    self.position = position
    self.occupancy = occupancy
    self.bFactor = bFactor
    self.alternateLocation = alternateLocation
  }

  /// Whether all coordinates are numbers within 10⁶ Å, far beyond any molecule.
  public var isPlausible: Bool { (0..<3).allSatisfy { abs(position[$0]) < 1e6 } }
}
