import Protein

/// Collects atoms in file order into models, chains and residues.
struct StructureBuilder {
  /// What identifies a residue within a chain.
  struct ResidueKey: Hashable {
    var number: Int
    var insertionCode: Character?
    var name: String
    /// Position in the polymer, if given: authors may give several residues the same number.
    var polymerIndex: Int?
    /// Whether the file separates it from the polymer: a ligand may have the number and name of a residue.
    var isNonPolymer = false
  }

  /// What identifies a chain: several chains of a file may share either name.
  private struct ChainKey: Hashable {
    var id: String
    var labelID: String?
  }

  /// Where the chains of a model are, and the residues of each.
  private struct Places {
    var chains: [ChainKey: Int] = [:]
    var residues: [[ResidueKey: Int]] = []
    /// The first residue with each number, of any kind.
    var numbers: [[ResidueNumber: Int]] = []
  }

  private struct ResidueNumber: Hashable {
    var number: Int
    var insertionCode: Character?

    init(_ key: ResidueKey) { (number, insertionCode) = (key.number, key.insertionCode) }
  }

  private(set) var models: [Model] = []
  private var places: [Places] = []
  /// The model to which atoms are added, and where the models of each number are.
  private var model = 0
  private var modelIndex: [Int: Int] = [:]
  var warnings: [String] = []
  private(set) var atomCount = 0

  /// Starts a model; atoms added before the first call belong to model 1.
  mutating func startModel(_ number: Int) {
    model = models.count
    modelIndex[number] = model
    models.append(Model(number: number, chains: []))
    places.append(Places())
  }

  /// Continues the model with that number, or starts it.
  mutating func continueModel(_ number: Int) {
    if let known = modelIndex[number] { model = known } else { startModel(number) }
  }

  /// Adds an atom to the residue, creating it at its first atom.
  mutating func add(
    _ atom: Atom, to key: ResidueKey, chain id: String, labelID: String? = nil,
    isHetero: Bool
  ) {
    if models.isEmpty { startModel(1) }
    let chainKey = ChainKey(id: id, labelID: labelID)
    let chain: Int
    if let known = places[model].chains[chainKey] {
      chain = known
    } else {
      chain = models[model].chains.count
      places[model].chains[chainKey] = chain
      places[model].residues.append([:])
      places[model].numbers.append([:])
      models[model].chains.append(Chain(id: id, labelID: labelID, residues: []))
    }
    let residue: Int
    if let known = places[model].residues[chain][key] {
      residue = known
    } else {
      residue = models[model].chains[chain].residues.count
      places[model].residues[chain][key] = residue
      if places[model].numbers[chain][ResidueNumber(key)] == nil {
        places[model].numbers[chain][ResidueNumber(key)] = residue
      }
      models[model].chains[chain].residues.append(
        Residue(
          name: key.name, number: key.number, insertionCode: key.insertionCode,
          polymerIndex: key.polymerIndex, isHetero: isHetero, isNonPolymer: key.isNonPolymer,
          atoms: [])
      )
    }
    models[model].chains[chain].residues[residue].atoms.append(atom)
    atomCount += 1
  }

  /// Whether an atom repeats one of an earlier residue of the chain, so that another molecule with the same name has begun.
  ///
  /// Conformers with other alternate locations do not count as repeats, nor does an atom that is listed twice. A different amino
  /// acid with the number of an earlier residue counts as well, but nothing else does: solvent, ions and ligands of a chain may be
  /// numbered separately.
  func repeats(_ atom: Atom, of key: ResidueKey, chain id: String, isHetero: Bool) -> Bool {
    guard let chain = places.isEmpty ? nil : places[model].chains[ChainKey(id: id)],
      let last = models[model].chains[chain].residues.last,
      (last.number, last.insertionCode) != (key.number, key.insertionCode)
    else { return false }
    var known = [places[model].residues[chain][key]]
    if !isHetero, AminoAcid(component: key.name) != .unknown {
      known.append(places[model].numbers[chain][ResidueNumber(key)])
    }
    return known.contains { place in
      guard let place else { return false }
      return models[model].chains[chain].residues[place].atoms.contains {
        $0.name == atom.name && $0.alternateLocation == atom.alternateLocation
          && $0.position != atom.position
      }
    }
  }

  /// Keeps only the residue with the higher occupancy if two kinds share a number.
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
      guard let last = kept.last, last.label == residue.label,
        last.polymerIndex == residue.polymerIndex, last.isAlternate, residue.isAlternate
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
