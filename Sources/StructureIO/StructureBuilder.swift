import Protein

/// Collects atoms in file order into models, chains and residues.
struct StructureBuilder {
  /// What identifies a residue within a chain.
  struct ResidueKey: Hashable {
    var number: Int
    var insertionCode: Character?
    var name: String
    /// Whether the file sets it apart from the polymer: a ligand may have the number and name of a residue.
    var isNonPolymer = false
  }

  /// What identifies a chain: several chains of one file may share either name.
  private struct ChainKey: Hashable {
    var id: String
    var labelID: String?
  }

  private(set) var models: [Model] = []
  private var chainIndex: [ChainKey: Int] = [:]
  private var residueIndex: [[ResidueKey: Int]] = []
  var warnings: [String] = []
  private(set) var atomCount = 0

  /// Starts a model; atoms added before the first call belong to model 1.
  mutating func startModel(_ number: Int) {
    models.append(Model(number: number, chains: []))
    chainIndex = [:]
    residueIndex = []
  }

  /// Adds an atom to the residue, which is made at its first atom.
  mutating func add(
    _ atom: Atom, to key: ResidueKey, chain id: String, labelID: String? = nil,
    polymerIndex: Int? = nil, isHetero: Bool
  ) {
    if models.isEmpty { startModel(1) }
    let model = models.count - 1
    let chainKey = ChainKey(id: id, labelID: labelID)
    let chain: Int
    if let known = chainIndex[chainKey] {
      chain = known
    } else {
      chain = models[model].chains.count
      chainIndex[chainKey] = chain
      residueIndex.append([:])
      models[model].chains.append(Chain(id: id, labelID: labelID, residues: []))
    }
    let residue: Int
    if let known = residueIndex[chain][key] {
      residue = known
    } else {
      residue = models[model].chains[chain].residues.count
      residueIndex[chain][key] = residue
      models[model].chains[chain].residues.append(
        Residue(
          name: key.name, number: key.number, insertionCode: key.insertionCode,
          polymerIndex: polymerIndex, isHetero: isHetero, isNonPolymer: key.isNonPolymer, atoms: [])
      )
    }
    models[model].chains[chain].residues[residue].atoms.append(atom)
    atomCount += 1
  }

  /// Keeps one residue, the more occupied, wherever two kinds share a number.
  mutating func resolveMicroheterogeneity() {
    for model in models.indices {
      for chain in models[model].chains.indices {
        let (kept, dropped) = Self.resolved(models[model].chains[chain].residues)
        guard !dropped.isEmpty else { continue }
        models[model].chains[chain].residues = kept
        let shown = dropped.prefix(5).map { "\($0.name) \($0.label)" }.joined(separator: ", ")
        let more = dropped.count > 5 ? " and \(dropped.count - 5) more" : ""
        warnings.append(
          "chain \(models[model].chains[chain].id): residues of two kinds at one number, left out: "
            + shown + more)
      }
    }
  }

  private static func resolved(_ residues: [Residue]) -> (kept: [Residue], dropped: [Residue]) {
    var kept: [Residue] = []
    var dropped: [Residue] = []
    for residue in residues {
      guard let last = kept.last, last.label == residue.label, last.isAlternate,
        residue.isAlternate
      else {
        kept.append(residue)
        continue
      }
      let isBetter = residue.highestOccupancy > last.highestOccupancy
      dropped.append(isBetter ? last : residue)
      if isBetter { kept[kept.count - 1] = residue }
    }
    return (kept, dropped)
  }
}

extension Residue {
  fileprivate var isAlternate: Bool { atoms.contains { $0.alternateLocation != nil } }
  fileprivate var highestOccupancy: Double { atoms.map(\.occupancy).max() ?? 0 }
}
