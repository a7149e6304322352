import AtomicFiles
import FeaturePipeline
import Foundation
import StructureIO

/// A structure on disk with its evidence.
public struct ChainSource: Sendable, Hashable {
  /// File format of the coordinates.
  public enum Format: Sendable, Hashable {
    /// PDB or mmCIF.
    case structure
    /// Sequence, secondary structure, then N, CA, C and side-chain centroid per residue, as published with CGDMS.
    case backbone
  }

  /// Name, taken from the file name.
  public var id: String
  /// File of the coordinates.
  public var path: String
  /// Its format.
  public var format: Format
  /// Folders and files to search for evidence.
  public var evidence: [String]
  /// Resolution from a table, Å; nil to take the file's.
  public var resolution: Float?

  /// Chains found at `path`: a structure file, a folder of them, or a folder with `chains.tsv`, `pdb` and `a3m`.
  ///
  /// - Parameter evidence: further folders with alignments or feature files named like the structures.
  public static func find(at path: String, evidence: [String]) throws -> [ChainSource] {
    guard FileManager.default.fileExists(atPath: path) else { throw InputError.missing(file: path) }
    for place in evidence { _ = try FolderContents.inputs(in: place) { _ in false } }
    if PathKind(of: path) != .folder {
      return [
        ChainSource(
          id: name(of: path), path: path, format: .structure,
          evidence: evidence + [folder(of: path)])
      ]
    }
    let sources =
      FileManager.default.fileExists(atPath: path + "/chains.tsv")
      ? try table(path, evidence) : try structures(in: path, evidence)
    guard !sources.isEmpty else {
      throw InputError.content(
        file: path,
        problem: "holds no structures (.pdb, .ent, .cif, .mmcif, also .gz) and no chains.tsv")
    }
    return sources
  }

  /// Endings of evidence files; the first one found wins.
  static let evidenceEndings = [".h5", ".pkl", ".pkl.gz", ".npz"] + AlignmentFiles.endings

  /// Files of alignments or features for a chain, in search order; the first place wins.
  ///
  /// Throws if evidence exists but cannot be read.
  func evidence(for id: String) throws(InputError) -> FeatureImport.Source? {
    for place in evidence {
      for ending in Self.evidenceEndings {
        let file = "\(place)/\(id)\(ending)"
        if FileManager.default.fileExists(atPath: file), !PathKind.isStream(file) {
          return FeatureImport.Source(id: id, paths: [file])
        }
      }
      let folder = "\(place)/\(id)"
      if PathKind(of: folder) == .folder {
        let found = try FeatureImport.targets(in: folder)
        guard let first = found.first else { continue }
        // Several alignments in a folder belong to one chain here, not to several targets.
        let joined = found.count > 1 ? try AlignmentFiles.alignments(in: folder) : []
        return FeatureImport.Source(id: id, paths: joined.isEmpty ? first.paths : joined)
      }
    }
    return nil
  }

  private static func table(_ path: String, _ evidence: [String]) throws -> [ChainSource] {
    let text = try InputText(path: path + "/chains.tsv")
    var header: [String] = []
    var sources: [ChainSource] = []
    for line in text.lines where !line.range.isEmpty {
      let cells = text.cells(line)
      if header.isEmpty {
        header = cells
        continue
      }
      guard let column = header.firstIndex(of: "name"), cells.count > column else {
        throw text.problem("no 'name' in this line or in the header", line: line.number)
      }
      let cell = header.firstIndex(of: "resolution").flatMap { $0 < cells.count ? cells[$0] : nil }
      sources.append(
        ChainSource(
          id: TargetName.sanitized(cells[column]), path: structure(cells[column], in: path),
          format: .structure, evidence: evidence + [path + "/a3m"],
          resolution: try resolution(cell ?? "", in: text, line: line.number)))
    }
    let backbones = try files(in: path + "/cgdms_backbone").filter { $0.hasSuffix(".txt") }
    return sources
      + backbones.map {
        ChainSource(
          id: name(of: $0), path: $0, format: .backbone,
          evidence: evidence + [path + "/a3m_cgdms"])
      }
  }

  /// The structure of a chain that a table names: the file in `pdb`, with any of the endings.
  private static func structure(_ name: String, in path: String) -> String {
    let files = StructureFile.nameEndings.map { "\(path)/pdb/\(name)\($0)" }
    return files.first { PathKind(of: $0) == .file } ?? files[0]
  }

  /// The resolution in a cell of a table, Å; nil if there is none.
  private static func resolution(
    _ cell: String, in text: InputText, line: Int
  ) throws(InputError) -> Float? {
    if ["", "-", "NA", "None"].contains(cell) { return nil }
    guard let value = Float(cell), value.isFinite, value >= 0 else {
      throw text.problem(
        "the resolution is '\(cell)', expected a number of Å, or nothing where there is none",
        line: line)
    }
    return value > 0 ? value : nil
  }

  /// Structures in the folder `pdb` that the table beside it does not name and that are therefore skipped.
  public static func unlisted(at path: String, among sources: [ChainSource]) throws -> [String] {
    guard PathKind(of: path + "/chains.tsv") == .file else { return [] }
    let listed = Set(sources.map { name(of: $0.path) })
    return try files(in: path + "/pdb").filter { isStructure($0) && !listed.contains(name(of: $0)) }
  }

  private static func structures(
    in path: String, _ evidence: [String]
  ) throws -> [ChainSource] {
    let places = evidence + [path, path + "/a3m", path + "/msa"]
    return try ["", "/pdb", "/structures"].flatMap { try files(in: path + $0) }
      .filter(isStructure)
      .map { ChainSource(id: name(of: $0), path: $0, format: .structure, evidence: places) }
  }

  private static func isStructure(_ path: String) -> Bool {
    StructureFile.nameEnding(of: path) != nil
  }

  private static func files(in folder: String) throws(InputError) -> [String] {
    try FolderContents.inputs(in: folder, ifPresent: true).map { "\(folder)/\($0)" }
  }

  private static func name(of path: String) -> String {
    let file = path.split(separator: "/").last.map(String.init) ?? path
    let stem = file.hasSuffix(".gz") ? String(file.dropLast(3)) : file
    return TargetName.sanitized(stem.lastIndex(of: ".").map { String(stem[..<$0]) } ?? stem)
  }

  private static func folder(of path: String) -> String {
    path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
  }
}
