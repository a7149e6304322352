import AtomicFiles
import Foundation
import Protein

/// Turns files of other programs into records of the store.
///
/// Understood: AlphaFold2's and HelixFold's `features.pkl` (also compressed with gzip) and `features.npz`, our own files, single
/// alignments, a folder of alignments per target (OpenProteinSet `ID/a3m/*.a3m`, AlphaFold2 `ID/msas/*`), a folder of `ID.a3m`
/// (ColabFold). Without a FASTA file the first row of an alignment is the target.
public struct FeatureImport: Sendable {
  /// A target that can be read.
  public struct Source: Sendable, Hashable {
    /// Name of the target.
    public var id: String
    /// Feature file, or alignments to join.
    public var paths: [String]

    /// A target with its files.
    public init(id: String, paths: [String]) {
      self.id = id
      self.paths = paths
    }
  }

  /// Targets found at `path`, in order of their names.
  public static func sources(at path: String) throws -> [Source] {
    guard FileManager.default.fileExists(atPath: path) else { throw InputError.missing(file: path) }
    guard PathKind(of: path) == .folder else {
      return [Source(id: TargetName.ofFile(path), paths: [path])]
    }
    let found = try targets(in: path)
    guard !found.isEmpty else {
      throw InputError.content(
        file: path,
        problem: "holds no features.pkl, features.npz and no alignments (.a3m, .sto, also .gz)")
    }
    return found
  }

  /// Targets found in a folder, in order of their names; possibly none.
  package static func targets(in path: String) throws(InputError) -> [Source] {
    var count = 0
    return try folder(
      path, named: TargetName.sanitized(lastComponent(path)), within: [], &count)
  }

  /// Records of a source; a store may hold many.
  public static func records(of source: Source) throws -> [TargetRecord] {
    guard let first = source.paths.first else { return [] }
    if AlignmentFiles.endings.contains(where: { first.hasSuffix($0) }) {
      return [try record(ofAlignments: source)]
    }
    let file = try FeatureFile.open(path: first)
    switch file {
    case .store(let store): return try store.ids.map { try store.record(of: $0) }
    case .dictionary(let features):
      let raw = try features.rawFeatures(id: source.id)
      return [TargetRecord(features: raw, provenance: Provenance(alignments: raw.sources))]
    }
  }

  /// Most folders that are searched: links may make many out of few.
  private static let mostFolders = 1_000_000

  /// - Parameters:
  ///   - outer: the folders around this one; links back to one of them are skipped.
  ///   - count: number of folders searched.
  private static func folder(
    _ path: String, named name: String, within outer: [FileStatus.Identity], _ count: inout Int
  ) throws(InputError) -> [Source] {
    let identity = FileStatus(of: path)?.identity
    if let identity, outer.contains(identity) { return [] }
    count += 1
    guard count <= mostFolders else {
      throw .unreadable(file: path, reason: "links lead to more than \(mostFolders) folders")
    }
    for features in ["features.pkl", "features.pkl.gz", "features.npz"] {
      let file = "\(path)/\(features)"
      if FileManager.default.fileExists(atPath: file), !PathKind.isStream(file) {
        return [Source(id: name, paths: [file])]
      }
    }
    for inner in ["\(path)/a3m", "\(path)/msas"] {
      let joined = try AlignmentFiles.alignments(in: inner)
      if !joined.isEmpty { return [Source(id: name, paths: joined)] }
    }
    let alignments = try AlignmentFiles.alignments(in: path)
    if alignments.contains(where: { lastComponent($0).contains("_hits.") }) {
      return [Source(id: name, paths: alignments)]
    }
    var sources = alignments.map {
      Source(id: TargetName.sanitized(TargetName.stem(of: $0)), paths: [$0])
    }
    for name in try FolderContents.inputs(in: path) where PathKind(of: "\(path)/\(name)") == .folder
    {
      sources += try folder(
        "\(path)/\(name)", named: TargetName.sanitized(name),
        within: outer + [identity].compactMap { $0 }, &count)
    }
    return sources
  }

  private static func record(ofAlignments source: Source) throws -> TargetRecord {
    let alignments = try source.paths.map { try Alignment.read(path: $0) }
    let letters = String(decoding: alignments[0].row(0), as: UTF8.self)
    let sequence: ProteinSequence
    do {
      sequence = try ProteinSequence(letters)
    } catch {
      throw InputError.content(file: source.paths[0], problem: "first row: \(error)")
    }
    let raw = try RawFeatures(id: source.id, sequence: sequence, alignments: alignments)
    return TargetRecord(features: raw, provenance: Provenance(alignments: raw.sources))
  }

  private static func lastComponent(_ path: String) -> String {
    path.split(separator: "/").last.map(String.init) ?? path
  }
}
