import ArrayFiles
import Evidence
import FeaturePipeline
import FoldingCore
import Foundation
import HelixFold
import NumericArrays
import Protein
import StructureIO

/// How an input that was read contradicts itself.
struct Contradiction: Error, CustomStringConvertible {
  let description: String
}

/// A kind of file that users give to the program.
public enum InputFormat: String, CaseIterable, Sendable {
  case fasta, a3m, stockholm, hhr, hmmsearch, mmseqs, pdb, mmcif, gzip
  case npy, npz, pickle, torch, paddle, store, configuration, databases

  /// Ending of file names, by which some readers tell formats.
  var ending: String {
    switch self {
    case .stockholm, .hmmsearch: "sto"
    case .mmseqs: "m8"
    case .mmcif: "cif"
    case .gzip: "pdb.gz"
    case .pickle: "pkl"
    case .torch: "pt"
    case .paddle: "pdparams"
    case .store: "h5"
    case .configuration, .databases: "json"
    default: rawValue
    }
  }

  /// Whether the reader takes bytes; the others get a file.
  private var isText: Bool {
    switch self {
    case .fasta, .a3m, .stockholm, .hhr, .hmmsearch, .mmseqs, .pdb, .mmcif, .databases: true
    default: false
    }
  }

  /// Reads an input as a command would; throws what the reader throws.
  func read(_ bytes: [UInt8], scratch: String) throws {
    if isText { return try readText(InputText(name: "input.\(ending)", bytes: bytes)) }
    let path = "\(scratch)/input.\(ending)"
    try Data(bytes).write(to: URL(fileURLWithPath: path))
    try readFile(path)
  }

  private func readText(_ text: InputText) throws {
    switch self {
    case .fasta:
      let records = try FASTA.records(in: text)
      for record in records { try check(name: record.id) }
      for record in records { _ = try record.sequence.get() }
    case .a3m, .stockholm: try use(try Alignment.parse(text))
    case .hhr: for hit in try HHRFile.parse(text).hits { use(hit) }
    case .hmmsearch: for hit in try HmmsearchHits.parse(text, target: "MKAYIRWQ").hits { use(hit) }
    case .mmseqs: _ = MMseqsTable.examine(text)
    case .databases: _ = try DatabaseCatalog.parse(text)
    default: _ = try StructureFile.parse(text.bytes, path: text.name)
    }
  }

  private func readFile(_ path: String) throws {
    switch self {
    case .npy: _ = try NumpyFile.read(path: path)
    case .npz:
      let archive = try NumpyArchive(path: path)
      for name in archive.names { _ = try archive.array(named: name) }
    case .pickle:
      for (_, value) in try PickleFile.read(path: path).entries ?? [] {
        _ = try value.array?.read()
      }
      if let file = try? FeatureFile.open(path: path) {
        for id in file.ids { _ = try? file.features(of: id) }
      }
    case .torch: try use(try StateDictionary(torch: path))
    case .paddle: try use(try StateDictionary(paddle: path))
    case .store:
      let store = try FeatureStore(path: path)
      for id in store.ids { _ = try store.record(of: id) }
    case .configuration: _ = try FoldingConfig.read(json: path)
    default: _ = try StructureFile.read(path)
    }
  }

  /// A target's name, which becomes the name of a folder.
  private func check(name: String) throws {
    guard !name.isEmpty, name.utf8.count <= 100, !name.hasPrefix("."), !name.contains("/") else {
      throw Contradiction(description: "the name \(name.debugDescription) is no name of a folder")
    }
  }

  /// What the feature pipeline does with an alignment, which survives writing.
  private func use(_ alignment: Alignment) throws {
    guard alignment.letters.count == alignment.rows * alignment.columns,
      alignment.letters.allSatisfy({ (65...90).contains($0) || $0 == 45 })
    else { throw Contradiction(description: "the rows are not of capital letters and gaps") }
    let written = A3M.write(alignment)
    let back = try? A3M.parse(InputText(name: alignment.source, written))
    guard back?.letters == alignment.letters, back?.deletions == alignment.deletions else {
      throw Contradiction(description: "what is written is not what was read")
    }
    let sequence = try ProteinSequence(String(decoding: alignment.row(0), as: UTF8.self))
    let raw = try RawFeatures(id: "t", sequence: sequence, alignments: [alignment])
    try raw.validate(file: "t")
    if raw.rowCount <= 200 { _ = MSAStatistics(raw.msa).drawing(of: "t") }
  }

  /// What the template search does with a hit, up to the structure.
  private func use(_ hit: TemplateHit) {
    let builder = TemplateBuilder(structures: StructureFolder(path: "/nowhere"))
    _ = builder.templates(for: "MKAYIRWQMKRAYIRWQ", hits: [hit])
  }

  private func use(_ dictionary: StateDictionary) throws {
    for array in dictionary.arrays.values { _ = try array.read() }
  }
}
