import Messages
import Protein

extension PredictedStructure {
  /// The text of a ModelCIF file (dictionary `mmcif_ma.dic` 1.4.2): model, global and per-residue pLDDT, provenance.
  ///
  /// Local pLDDT is on the scale 0 … 100, which viewers colour by; the global value is the mean over residues, as in ranking.
  public func modelCIF() throws(StructureIOError) -> String {
    let structure = try structure()
    var text = MMCIFText(block: name)
    addHeader(to: &text)
    addEntity(to: &text)
    addNumbering(to: &text)
    addModelling(to: &text)
    addConfidence(to: &text)
    if let chain = structure.models.first?.chains.first { addAtoms(chain, to: &text) }
    return text.text
  }

  private func addHeader(to text: inout MMCIFText) {
    text.add("entry", ["id": name.isEmpty ? "model" : name])
    text.add(
      "audit_conform",
      [
        "dict_name": "mmcif_ma.dic", "dict_version": "1.4.2",
        "dict_location":
          "https://raw.githubusercontent.com/ihmwg/ModelCIF/master/dist/mmcif_ma.dic",
      ])
    text.add(
      "struct",
      [
        "entry_id": name.isEmpty ? "model" : name, "title": "helixfold prediction for \(title)",
      ])
    text.add(
      "citation",
      [
        "id": "1", "title": "Highly accurate protein structure prediction with AlphaFold",
        "journal_abbrev": "Nature", "journal_volume": "596", "page_first": "583",
        "page_last": "589", "year": "2021", "pdbx_database_id_PubMed": "34265844",
        "pdbx_database_id_DOI": "10.1038/s41586-021-03819-2",
      ])
    text.add(
      "software",
      [
        "pdbx_ordinal": "1", "name": "helixfold", "classification": "other",
        "version": softwareVersion, "description": "Structure prediction, network \(modelName)",
        "type": "program", "citation_id": "1",
      ])
    text.add("ma_software_group", ["ordinal_id": "1", "group_id": "1", "software_id": "1"])
  }

  private func addEntity(to text: inout MMCIFText) {
    let present = Set(sequence.residues)
    text.addLoop(
      "chem_comp", ["id", "type", "name"],
      rows: AminoAcid.allCases.filter(present.contains).map { residue in
        [
          residue.code, residue == .glycine ? "peptide linking" : "L-peptide linking",
          residue.fullName,
        ]
      })
    text.add(
      "entity", ["id": "1", "type": "polymer", "src_method": "man", "pdbx_description": title])
    text.add(
      "entity_poly",
      [
        "entity_id": "1", "type": "polypeptide(L)", "nstd_linkage": "no", "nstd_monomer": "no",
        "pdbx_strand_id": "A", "pdbx_seq_one_letter_code": entityLetters.folded,
        "pdbx_seq_one_letter_code_can": sequence.letters.folded,
      ])
    text.addLoop(
      "entity_poly_seq", ["entity_id", "num", "mon_id", "hetero"],
      rows: sequence.residues.enumerated().map { ["1", "\($0 + 1)", $1.code, "n"] })
    text.add("struct_asym", ["id": "A", "entity_id": "1", "details": nil])
    text.addLoop(
      "atom_type", ["symbol"], rows: ["C", "N", "O", "S"].map { [$0] })
  }

  /// Whether a residue has an atom: unknown ones are not part of the model.
  private func isPlaced(_ place: Int) -> Bool {
    mask[place * AtomName.count..<(place + 1) * AtomName.count].contains { $0 > 0.5 }
  }

  /// Residue numbers of the target beside the positions in its sequence.
  private func addNumbering(to text: inout MMCIFText) {
    text.addLoop(
      "pdbx_poly_seq_scheme",
      [
        "asym_id", "entity_id", "seq_id", "mon_id", "ndb_seq_num", "pdb_seq_num", "auth_seq_num",
        "pdb_mon_id", "auth_mon_id", "pdb_strand_id", "pdb_ins_code", "hetero",
      ],
      rows: sequence.residues.enumerated().map { place, residue in
        let (index, number, code) = ("\(place + 1)", "\(residueNumbers[place])", residue.code)
        let (found, kind) = isPlaced(place) ? (number, code) : ("?", "?")
        return ["A", "1", index, code, index, number, found, kind, kind, "A", nil, "n"]
      })
  }

  /// One-letter codes, with components that have none in parentheses.
  private var entityLetters: String {
    sequence.residues.map { $0 == .unknown ? "(\($0.code))" : String($0.letter) }.joined()
  }

  private func addModelling(to text: inout MMCIFText) {
    text.addLoop(
      "ma_data", ["id", "name", "content_type"],
      rows: [["1", name, "target"], ["2", modelName, "model coordinates"]])
    text.add("ma_target_entity", ["entity_id": "1", "data_id": "1", "origin": nil])
    text.add(
      "ma_target_entity_instance", ["asym_id": "A", "entity_id": "1", "details": nil])
    text.add(
      "ma_protocol_step",
      [
        "ordinal_id": "1", "protocol_id": "1", "step_id": "1", "method_type": "modeling",
        "step_name": modelName,
        "details": provenance.isEmpty ? nil : provenance.joined(separator: "; "),
        "software_group_id": "1",
        "output_data_group_id": "2", "input_data_group_id": "1",
      ])
    text.addLoop(
      "ma_data_group", ["ordinal_id", "group_id", "data_id"],
      rows: [["1", "1", "1"], ["2", "2", "2"]])
    text.add(
      "ma_model_list",
      [
        "ordinal_id": "1", "model_id": "1", "model_group_id": "1", "model_name": modelName,
        "model_group_name": nil, "model_type": "Ab initio model", "data_id": "2",
      ])
  }

  private func addConfidence(to text: inout MMCIFText) {
    var metrics: [[String?]] = [
      ["1", "pLDDT", "pLDDT", "global", "Mean predicted lDDT-CA over residues", "1"],
      ["2", "pLDDT", "pLDDT", "local", "Predicted lDDT-CA, 0 to 100", "1"],
    ]
    var globals: [[String?]] = [["1", "1", "1", fixed(meanPLDDT, decimals: 2)]]
    if let ptm {
      metrics.append(["3", "pTM", "pTM", "global", "Predicted TM-score", "1"])
      globals.append(["2", "1", "3", fixed(Double(ptm), decimals: 4)])
    }
    text.addLoop(
      "ma_qa_metric", ["id", "name", "type", "mode", "description", "software_group_id"],
      rows: metrics)
    text.addLoop(
      "ma_qa_metric_global", ["ordinal_id", "model_id", "metric_id", "metric_value"],
      rows: globals)
    let placed = sequence.residues.indices.filter(isPlaced)
    text.addLoop(
      "ma_qa_metric_local",
      [
        "ordinal_id", "model_id", "label_asym_id", "label_seq_id", "label_comp_id", "metric_id",
        "metric_value",
      ],
      rows: placed.enumerated().map { row, place in
        [
          "\(row + 1)", "1", "A", "\(place + 1)", sequence.residues[place].code, "2",
          fixed(Double(plddt[place]), decimals: 2),
        ]
      })
  }

  private func addAtoms(_ chain: Chain, to text: inout MMCIFText) {
    var rows: [[String?]] = []
    for (index, residue) in chain.residues.enumerated() {
      for atom in residue.atoms {
        rows.append([
          "ATOM", "\(rows.count + 1)", atom.element, atom.name, nil, residue.name, "A", "1",
          "\(index + 1)", nil, fixed(atom.position.x, decimals: 3),
          fixed(atom.position.y, decimals: 3), fixed(atom.position.z, decimals: 3), "1.00",
          fixed(atom.bFactor, decimals: 2), "\(residue.number)", residue.name, "A", atom.name, "1",
        ])
      }
    }
    text.addLoop(
      "atom_site",
      [
        "group_PDB", "id", "type_symbol", "label_atom_id", "label_alt_id", "label_comp_id",
        "label_asym_id", "label_entity_id", "label_seq_id", "pdbx_PDB_ins_code", "Cartn_x",
        "Cartn_y", "Cartn_z", "occupancy", "B_iso_or_equiv", "auth_seq_id", "auth_comp_id",
        "auth_asym_id", "auth_atom_id", "pdbx_PDB_model_num",
      ], rows: rows)
  }
}

extension String {
  /// Lines of 80 letters, as usual for sequences in mmCIF.
  fileprivate var folded: String {
    let letters = Array(self)
    guard letters.count > 80 else { return self }
    return stride(from: 0, to: letters.count, by: 80).map {
      String(letters[$0..<Swift.min($0 + 80, letters.count)])
    }.joined(separator: "\n")
  }
}

extension AminoAcid {
  /// Name of the chemical component.
  fileprivate var fullName: String {
    switch self {
    case .asparticAcid: "ASPARTIC ACID"
    case .glutamicAcid: "GLUTAMIC ACID"
    default: String(describing: self).uppercased()
    }
  }
}
