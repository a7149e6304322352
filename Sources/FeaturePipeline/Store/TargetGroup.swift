import Foundation
import HDF5Files
import NumericArrays
import Protein

/// Reading and writing of one target's group, `targets/<id>`.
///
/// Layout: docs/file-formats.md.
struct TargetGroup {
  let file: HDF5File
  let id: String

  private var path: String { StoreSchema.group(id) }

  // MARK: Writing

  /// Writes everything; `rowNames` says whether the headers of alignment rows are kept.
  func write(_ record: TargetRecord, rowNames: Bool) throws {
    let raw = record.features
    try raw.validate(file: file.path)
    try file.createGroup(path)
    try file.setAttribute("sequence", to: .text(raw.sequence), on: path)
    if !raw.header.isEmpty {
      try file.setAttribute("header", to: .text(raw.header), on: path)
    }
    try file.setAttribute("provenance", to: .text(try json(record.provenance)), on: path)
    try file.write(raw.msa, to: path + "/msa", layout: .compressed)
    try file.setAttribute("alphabet", to: .text(StoreSchema.alphabet), on: path + "/msa")
    try writeDeletions(raw.deletions)
    if rowNames, !raw.rowNames.isEmpty { try write(raw.rowNames.map(Self.short), to: "row_names") }
    try writeUnusual(raw)
    if raw.templates.count > 0 { try write(raw.templates) }
    if let labels = record.labels { try write(labels, residues: raw.residueCount) }
  }

  /// A name of at most 1,000 bytes: all names of a dataset take as much space as the longest.
  private static func short(_ name: String) -> String {
    name.utf8.count <= 1_000
      ? name : String(String.UnicodeScalarView(name.unicodeScalars.prefix(250)))
  }

  private func writeDeletions(_ deletions: NDArray<UInt16>) throws {
    let name = path + "/deletions"
    if deletions.values.allSatisfy({ $0 <= UInt8.max }) {
      try file.write(deletions.map { UInt8($0) }, to: name, layout: .compressed)
    } else {
      try file.write(deletions, to: name, layout: .compressed)
    }
  }

  /// Writes arrays that usually follow from the sequence only if they do not.
  private func writeUnusual(_ raw: RawFeatures) throws {
    if raw.aatype != Self.aatype(of: raw.sequence) {
      try write(raw.aatype, to: "aatype")
    }
    if raw.residueIndex != (0..<Int32(raw.residueCount)).map({ $0 }) {
      try write(raw.residueIndex, to: "residue_index")
    }
    if raw.hasBreak.contains(true) {
      try write(raw.hasBreak.map { $0 ? UInt8(1) : 0 }, to: "breaks")
    }
  }

  private func write(_ templates: TemplateStructures) throws {
    try write(templates.names, to: "templates/names")
    try write(templates.sequences, to: "templates/sequences")
    try write(templates.sumProbabilities, to: "templates/sum_probabilities")
    try file.write(templates.aatype, to: path + "/templates/aatype", layout: .compressed)
    try CompactCoordinates.write(
      positions: templates.positions, mask: templates.mask, rounding: false, to: file,
      group: path + "/templates")
  }

  private func write(_ labels: TargetLabels, residues: Int) throws {
    let group = path + "/labels"
    try StoreSchema.require(
      group + " positions", labels.positions.shape, [residues, AtomName.count, 3], file)
    try StoreSchema.require(group + " mask", labels.mask.shape, [residues, AtomName.count], file)
    try CompactCoordinates.write(
      positions: labels.positions.reshaped([1] + labels.positions.shape),
      mask: labels.mask.reshaped([1] + labels.mask.shape), rounding: true, to: file, group: group)
    if let resolution = labels.resolution {
      try file.setAttribute("resolution", to: .number(Double(resolution)), on: group)
    }
    if let date = labels.releaseDate {
      try file.setAttribute("release_date", to: .text(date), on: group)
    }
    if let cluster = labels.cluster {
      try file.setAttribute("cluster", to: .text(cluster), on: group)
    }
    if let split = labels.split {
      try file.setAttribute("split", to: .text(split), on: group)
    }
  }

  private func write(_ strings: [String], to name: String) throws {
    try file.write(
      .string(NDArray(shape: [strings.count], values: strings)), to: path + "/" + name,
      layout: .compressed)
  }

  private func write<T: HDF5Element>(_ values: [T], to name: String) throws {
    try file.write(
      NDArray(shape: [values.count], values: values), to: path + "/" + name, layout: .compressed)
  }

  private func json(_ provenance: Provenance) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(provenance), as: UTF8.self)
  }

  // MARK: Reading

  func readFeatures() throws -> RawFeatures {
    guard let sequence = try file.text("sequence", of: path)?.uppercased(),
      !sequence.isEmpty
    else {
      throw InputError.array(
        file: file.path, name: path, found: "without a sequence",
        expected: "a 'sequence' attribute")
    }
    let aatype = try readAatype(sequence)
    let count = aatype.count
    var raw = RawFeatures(
      id: id, sequence: ProteinSequence(aatype.map { AminoAcid(rawValue: $0) ?? .unknown }))
    raw.sequence = sequence
    raw.header = TargetName.description(try file.text("header", of: path) ?? "", besides: id)
    raw.msa = try readAlignment()
    raw.deletions = try file.read(path + "/deletions")
    raw.rowNames = try optionalStrings("row_names", count: raw.rowCount) ?? []
    if try file.exists(path + "/residue_index") {
      raw.residueIndex = try file.read(path + "/residue_index", as: Int32.self).values
    }
    if try file.exists(path + "/breaks") {
      raw.hasBreak = try file.read(path + "/breaks", as: UInt8.self).values.map { $0 != 0 }
    }
    if try file.exists(path + "/templates") { raw.templates = try readTemplates(count) }
    raw.sources = try readProvenance().alignments ?? []
    try raw.validate(file: "\(file.path):\(path)")
    return raw
  }

  /// The classes of the alignment, in whatever order of letters the file has.
  private func readAlignment() throws -> NDArray<UInt8> {
    let name = path + "/msa"
    let classes: NDArray<UInt8> = try file.read(name)
    let (own, letters) = (Array(StoreSchema.alphabet), try file.text("alphabet", of: name))
    guard let letters, letters != StoreSchema.alphabet else { return classes }
    guard letters.count == own.count, Set(letters) == Set(own) else {
      throw InputError.array(
        file: file.path, name: name, found: "with the alphabet '\(letters.printable)'",
        expected: "the letters of '\(StoreSchema.alphabet)' in any order")
    }
    let order = letters.map { letter in UInt8(own.firstIndex(of: letter) ?? 0) }
    return classes.map { Int($0) < order.count ? order[Int($0)] : $0 }
  }

  private func readAatype(_ sequence: String) throws -> [UInt8] {
    guard try file.exists(path + "/aatype") else { return Self.aatype(of: sequence) }
    let values = try file.read(path + "/aatype", as: UInt8.self).values
    guard values.count == sequence.utf8.count, values.allSatisfy({ $0 < 21 }) else {
      throw InputError.array(
        file: file.path, name: path + "/aatype", found: "\(values.count) values",
        expected: "\(sequence.utf8.count) residue types 0 … 20")
    }
    return values
  }

  private func readTemplates(_ residues: Int) throws -> TemplateStructures {
    let names = try optionalStrings("templates/names") ?? []
    let (positions, mask) = try CompactCoordinates.read(
      from: file, group: path + "/templates", rows: names.count, residues: residues)
    return TemplateStructures(
      names: names, sequences: try optionalStrings("templates/sequences") ?? [],
      aatype: try file.read(path + "/templates/aatype"), positions: positions, mask: mask,
      sumProbabilities: try file.read(path + "/templates/sum_probabilities", as: Float.self).values)
  }

  func readLabels(residues: Int) throws -> TargetLabels? {
    let group = path + "/labels"
    guard try file.exists(group) else { return nil }
    let (positions, mask) = try CompactCoordinates.read(
      from: file, group: group, rows: 1, residues: residues)
    return TargetLabels(
      positions: positions.slice(0), mask: mask.slice(0),
      resolution: try file.number("resolution", of: group).map { Float($0) },
      releaseDate: try file.text("release_date", of: group),
      cluster: try file.text("cluster", of: group),
      split: try file.text("split", of: group))
  }

  func readProvenance() throws -> Provenance {
    guard let text = try file.text("provenance", of: path) else { return Provenance() }
    do {
      return try JSONDecoder().decode(Provenance.self, from: Data(text.utf8))
    } catch {
      throw InputError.array(
        file: file.path, name: path, found: "with damaged provenance", expected: "JSON")
    }
  }

  /// - Parameter count: expected number; more would take little of the file but much memory.
  private func optionalStrings(_ name: String, count: Int? = nil) throws -> [String]? {
    let name = path + "/" + name
    guard try file.exists(name) else { return nil }
    if let count { try StoreSchema.require(name, file.info(of: name).shape, [count], file) }
    let array = try file.read(name)
    guard case .string(let values) = array else {
      throw InputError.array(
        file: file.path, name: name, found: array.elementName, expected: "strings")
    }
    return values.values
  }

  /// Residue types of one-letter codes; anything except the twenty is unknown.
  static func aatype(of sequence: String) -> [UInt8] {
    sequence.map { (AminoAcid(letter: $0) ?? .unknown).rawValue }
  }
}
