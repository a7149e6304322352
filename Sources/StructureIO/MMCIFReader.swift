import Messages
import Protein

/// Reads structures from the mmCIF format, dictionary `mmcif_pdbx.dic`.
///
/// One chain per `label_asym_id`; its `id` is the authors' name. Residue numbers and insertion codes are the authors' too; the
/// position in the polymer is kept as well.
enum MMCIFReader {
  static func parse(_ bytes: [UInt8], path: String) throws(StructureIOError) -> Structure {
    let document = try MMCIFDocument(bytes, path: path)
    guard let atoms = document.tables["atom_site"], atoms.rowCount > 0 else {
      throw .unexpectedContent(path: path, message: "the mmCIF file has no _atom_site rows")
    }
    var builder = try AtomSiteReader(document: document, table: atoms).read()
    builder.resolveMicroheterogeneity()
    var models = builder.models
    let sequences = polymerSequences(document)
    let entities = entityOfChain(document, atoms)
    for model in models.indices {
      for chain in models[model].chains.indices {
        let current = models[model].chains[chain]
        let entity = entities[current.labelID ?? current.id]
        models[model].chains[chain].polymerSequence = entity.flatMap { sequences[$0] } ?? []
      }
    }
    return Structure(
      name: document.name, models: models, resolution: resolution(document),
      method: firstText(document, "exptl", "method"), releaseDate: releaseDate(document),
      warnings: builder.warnings)
  }

  private static func firstText(
    _ document: MMCIFDocument, _ category: String, _ item: String
  ) -> String? {
    guard let table = document.tables[category], table.rowCount > 0 else { return nil }
    return document.text(table, 0, item)
  }

  /// Three-letter codes of each polymer entity; of several kinds at one position the first counts.
  private static func polymerSequences(_ document: MMCIFDocument) -> [String: [String]] {
    guard let table = document.tables["entity_poly_seq"] else { return [:] }
    var sequences: [String: [String]] = [:]
    var lastNumber: [String: Int] = [:]
    for row in 0..<table.rowCount {
      guard let entity = document.text(table, row, "entity_id"),
        let number = document.slice(table, row, "num")?.integer,
        let code = document.text(table, row, "mon_id"), lastNumber[entity] != number
      else { continue }
      lastNumber[entity] = number
      sequences[entity, default: []].append(code)
    }
    return sequences
  }

  private static func entityOfChain(
    _ document: MMCIFDocument, _ atoms: MMCIFDocument.Table
  ) -> [String: String] {
    var entities: [String: String] = [:]
    if let table = document.tables["struct_asym"] {
      for row in 0..<table.rowCount {
        if let id = document.text(table, row, "id") {
          entities[id] = document.text(table, row, "entity_id")
        }
      }
    }
    guard entities.isEmpty, atoms.items["label_entity_id"] != nil else { return entities }
    for row in 0..<atoms.rowCount {
      if let id = document.text(atoms, row, "label_asym_id"), entities[id] == nil {
        entities[id] = document.text(atoms, row, "label_entity_id")
      }
    }
    return entities
  }

  private static func resolution(_ document: MMCIFDocument) -> Double? {
    let places = [
      ("refine", "ls_d_res_high"), ("em_3d_reconstruction", "resolution"),
      ("reflns", "d_resolution_high"),
    ]
    for (category, item) in places {
      guard let table = document.tables[category], table.rowCount > 0 else { continue }
      if let value = document.slice(table, 0, item)?.decimal { return value }
    }
    return nil
  }

  /// The earliest revision: ISO dates sort as text.
  private static func releaseDate(_ document: MMCIFDocument) -> String? {
    let places = [
      ("pdbx_audit_revision_history", "revision_date"), ("database_pdb_rev", "date"),
    ]
    for (category, item) in places {
      guard let table = document.tables[category] else { continue }
      let dates = (0..<table.rowCount).compactMap { document.text(table, $0, item) }
      if let first = dates.min() { return first }
    }
    return nil
  }
}

/// Reads the rows of `_atom_site`.
private struct AtomSiteReader {
  let document: MMCIFDocument
  let table: MMCIFDocument.Table
  private let width: Int
  private let x, y, z, number: Int
  /// Columns in order of precedence: programs may leave the items of either naming unknown.
  private let atomName, residueName, chain, label: [Int]
  private let polymerIndex, insertion, alternate, element, occupancy, bFactor, model, group: Int?
  /// Whether the file gives the positions of residues in the polymer.
  private let numbersPlaces: Bool

  init(document: MMCIFDocument, table: MMCIFDocument.Table) throws(StructureIOError) {
    self.document = document
    self.table = table
    width = table.items.count
    func required(_ items: String...) throws(StructureIOError) -> [Int] {
      let columns = items.compactMap { table.items[$0] }
      guard columns.isEmpty else { return columns }
      throw .unexpectedContent(
        path: document.path, message: "_atom_site has no item '\(items[0])'")
    }
    x = try required("cartn_x")[0]
    y = try required("cartn_y")[0]
    z = try required("cartn_z")[0]
    atomName = try required("label_atom_id", "auth_atom_id")
    residueName = try required("label_comp_id", "auth_comp_id")
    chain = try required("auth_asym_id", "label_asym_id")
    label = try required("label_asym_id", "auth_asym_id")
    number = try required("auth_seq_id", "label_seq_id")[0]
    polymerIndex = table.items["label_seq_id"]
    insertion = table.items["pdbx_pdb_ins_code"]
    alternate = table.items["label_alt_id"]
    element = table.items["type_symbol"]
    occupancy = table.items["occupancy"]
    bFactor = table.items["b_iso_or_equiv"]
    model = table.items["pdbx_pdb_model_num"]
    group = table.items["group_pdb"]
    numbersPlaces =
      polymerIndex.map { column in
        (0..<table.rowCount).contains {
          document.slice(table.values[$0 * table.items.count + column]) != nil
        }
      } ?? false
  }

  private func value(_ row: Int, _ column: Int?) -> ArraySlice<UInt8>? {
    column.flatMap { document.slice(table.values[row * width + $0]) }
  }

  /// The value of the first column that has one.
  private func text(_ row: Int, _ columns: [Int]) -> String? {
    for column in columns {
      if let found = value(row, column) { return found.text }
    }
    return nil
  }

  private func failure(_ row: Int, _ column: Int, _ message: String) -> StructureIOError {
    let line = Int(table.values[row * width + column].line)
    return .malformed(path: document.path, line: line, message: message)
  }

  func read() throws(StructureIOError) -> StructureBuilder {
    var builder = StructureBuilder()
    var openModel: Int?
    var unnumbered = 0
    for row in 0..<table.rowCount {
      let modelNumber = value(row, model)?.integer ?? 1
      if modelNumber != openModel {
        builder.continueModel(modelNumber)
        openModel = modelNumber
      }
      if try !readAtom(row, into: &builder) { unnumbered += 1 }
    }
    if unnumbered > 0 {
      builder.warnings.append(
        "\(counted(unnumbered, "hetero atom")) without a residue number left out")
    }
    return builder
  }

  /// Adds an atom to its residue; false for a hetero atom whose residue lacks the number that distinguishes molecules.
  private func readAtom(
    _ row: Int, into builder: inout StructureBuilder
  ) throws(StructureIOError) -> Bool {
    var position = SIMD3<Double>()
    for (axis, column) in [x, y, z].enumerated() {
      guard let coordinate = value(row, column)?.withoutUncertainty.decimal else {
        let found = value(row, column)?.text ?? "?"
        throw failure(
          row, column, "\(["x", "y", "z"][axis]) coordinate '\(found)' is not a finite number")
      }
      position[axis] = coordinate
    }
    guard let name = text(row, atomName), let component = text(row, residueName),
      let chain = text(row, chain), let labelID = text(row, label)
    else {
      throw failure(row, atomName[0], "an atom without a name, residue name or chain")
    }
    let index = value(row, polymerIndex)?.residueNumber
    let numberText = value(row, number)
    let isHetero = value(row, group)?.text == "HETATM"
    if isHetero, numberText == nil, index == nil { return false }
    guard let residueNumber = numberText == nil ? index : numberText?.residueNumber else {
      throw failure(
        row, number,
        "residue number '\(numberText?.text ?? "?")' is no whole number of up to nine digits")
    }
    let symbol = value(row, element)?.text.uppercased() ?? String(name.prefix(1)).uppercased()
    let atom = Atom(
      name: name, element: symbol, position: position,
      occupancy: value(row, occupancy)?.decimal ?? 1,
      bFactor: value(row, bFactor)?.decimal ?? 0,
      alternateLocation: value(row, alternate)?.text.first)
    builder.add(
      atom,
      to: .init(
        number: residueNumber, insertionCode: value(row, insertion)?.text.first, name: component,
        polymerIndex: index, isNonPolymer: isHetero && numbersPlaces && index == nil),
      chain: chain, labelID: labelID, isHetero: isHetero)
    return true
  }
}
