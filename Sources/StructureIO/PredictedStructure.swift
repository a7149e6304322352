import Messages
import Protein

/// A prediction to write: coordinates, confidence per residue and provenance.
public struct PredictedStructure: Sendable, Hashable {
  /// Name of the target, also the entry name.
  public var name: String
  /// Description of the target, or its name.
  public var title: String
  /// Residue types. `[N_res]`
  public var sequence: ProteinSequence
  /// Coordinates in the atom37 order, Å. `[N_res, 37, 3]`
  public var positions: [Float]
  /// Over 0.5 where the atom is to be written. `[N_res, 37]`
  public var mask: [Float]
  /// Confidence per residue, predicted lDDT-Cα, 0 … 100. `[N_res]`
  public var plddt: [Float]
  /// Predicted TM-score; nil if the network has no such head.
  public var ptm: Float?
  /// Name of the network, such as `model_1_ptm`.
  public var modelName: String
  /// Version of this program.
  public var softwareVersion: String
  /// Lines on how the prediction was made: weights, seed, flags.
  public var provenance: [String]
  /// Numbers of the residues, as the authors of a structure would give them. `[N_res]`
  public var residueNumbers: [Int]

  /// A prediction to write; the title defaults to its name, and residues are by default numbered from 1.
  public init(
    name: String, title: String = "", sequence: ProteinSequence, positions: [Float],
    mask: [Float], plddt: [Float], ptm: Float? = nil, modelName: String, softwareVersion: String,
    provenance: [String] = [], residueNumbers: [Int]? = nil
  ) {
    self.name = name
    self.title = title.isEmpty ? name : title
    self.sequence = sequence
    self.positions = positions
    self.mask = mask
    self.plddt = plddt
    self.ptm = ptm
    self.modelName = modelName
    self.softwareVersion = softwareVersion
    self.provenance = provenance
    self.residueNumbers = residueNumbers ?? (0..<sequence.count).map { $0 + 1 }
  }

  /// Mean confidence over residues.
  public var meanPLDDT: Double {
    plddt.isEmpty ? 0 : plddt.reduce(0) { $0 + Double($1) } / Double(plddt.count)
  }

  /// One chain, `A`, with the confidence in every B-factor; positions in the polymer count from 1.
  ///
  /// Throws if an array's size does not match the sequence or a value is not finite.
  public func structure() throws(StructureIOError) -> Structure {
    let count = sequence.count
    guard positions.count == count * 111, mask.count == count * 37, plddt.count == count,
      residueNumbers.count == count
    else {
      throw .unexpectedContent(
        path: name, message: "coordinates, mask, pLDDT or numbers do not match \(count) residues")
    }
    var residues: [Residue] = []
    for (row, type) in sequence.residues.enumerated() {
      guard plddt[row].isFinite else { throw .notFinite(what: "pLDDT of residue \(row + 1)") }
      var atoms: [Atom] = []
      for atom in AtomName.allCases where mask[row * 37 + atom.index] > 0.5 {
        let start = (row * 37 + atom.index) * 3
        let position = SIMD3(
          Double(positions[start]), Double(positions[start + 1]), Double(positions[start + 2]))
        guard position.x.isFinite, position.y.isFinite, position.z.isFinite else {
          throw .notFinite(what: "a coordinate of \(type.code) \(row + 1) \(atom.name)")
        }
        atoms.append(
          Atom(
            name: atom.name, element: atom.element.symbol, position: position,
            bFactor: Double(plddt[row])))
      }
      residues.append(
        Residue(
          name: type.code, number: residueNumbers[row], polymerIndex: row + 1, atoms: atoms))
    }
    let chain = Chain(
      id: "A", labelID: "A", residues: residues, polymerSequence: sequence.residues.map(\.code))
    return Structure(name: name, models: [Model(chains: [chain])], method: "THEORETICAL MODEL")
  }

  /// The text of a PDB file: confidence in the B-factors, provenance in REMARK records.
  public func pdb() throws(StructureIOError) -> String {
    try PDBWriter.text(
      of: structure(),
      header: .init(
        title: "HELIXFOLD PREDICTION FOR \(title)",
        remarks: [
          "HELIXFOLD \(softwareVersion), NETWORK \(modelName)",
          "B-FACTORS HOLD PLDDT, 0 TO 100, HIGHER IS BETTER",
          "MEAN PLDDT \(fixed(meanPLDDT, decimals: 2))",
        ] + (ptm.map { ["PTM \(fixed(Double($0), decimals: 4))"] } ?? []) + provenance))
  }
}
