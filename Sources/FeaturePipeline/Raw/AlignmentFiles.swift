import AtomicFiles
import Foundation
import Protein

/// Finds the alignments that belong to a target among files and folders given by the user.
///
/// A file belongs to the target whose sequence its first row is. In a folder, files are found by name: `ID.a3m`
/// (or `.sto`, `.afa`), all alignments in `ID/` or `ID/a3m/`, or, for a single target, all in the folder itself.
/// Several files of one folder come in the order of AlphaFold2: UniRef90, BFD, MGnify, then by name.
public struct AlignmentFiles: Sendable {
  private let folders: [String]
  private let files: [File]
  /// Files that cannot be understood, by the target that their names name.
  private let damaged: [(id: String, error: InputError)]

  /// Endings of alignment files, plain or packed.
  package static let endings = [".a3m", ".sto", ".stk", ".afa"].flatMap { [$0, $0 + ".gz"] }
  /// Search results that are no evidence for a single chain: pairing and templates.
  private static let ignored = ["uniprot_hits", "pdb_hits", "pdb70_hits"]

  /// A file that was named: its first row, by which it finds its target, and all rows while they take little memory.
  private struct File {
    let path: String
    let query: Alignment
    let whole: Alignment?

    init(_ alignment: Alignment, at path: String, staysWhole: Bool) {
      self.path = path
      query = alignment.prefix(1)
      whole = staysWhole ? alignment : nil
    }

    func read() throws(InputError) -> Alignment {
      if let whole { return whole }
      return try .read(path: path)
    }
  }

  /// Letters of named files that are kept; the others are read again when the turn of their target comes.
  private static let keptLetters = 32 << 20

  /// Reads the files among `paths`; folders are looked into for each target.
  ///
  /// A file that cannot be understood costs one target its prediction, the only one or that of the file's name, and not the others.
  ///
  /// - Parameter ids: names of the targets.
  public init(paths: [String], ids: [String]) throws(InputError) {
    var folders: [String] = []
    var files: [File] = []
    var letters = 0
    var damaged: [(id: String, error: InputError)] = []
    for path in paths {
      if PathKind(of: path) == .folder {
        folders.append(path)
        continue
      }
      do throws(InputError) {
        let alignment = try Alignment.read(path: path)
        letters += alignment.letters.count
        let staysWhole =
          paths.count == 1 || letters <= Self.keptLetters || !PathKind.isReadAgain(path)
        files.append(File(alignment, at: path, staysWhole: staysWhole))
      } catch {
        guard error.isAboutContent, let id = ids.count == 1 ? ids[0] : Self.stem(path, among: ids)
        else { throw error }
        damaged.append((id, error))
      }
    }
    self.folders = folders
    self.files = files
    self.damaged = damaged
  }

  /// The target that the name of a file names.
  private static func stem(_ path: String, among ids: [String]) -> String? {
    let name = path.split(separator: "/").last ?? ""
    return ids.first { id in endings.contains { name == id + $0 } }
  }

  /// The alignments of a target, maybe none.
  ///
  /// For the only target of a run every file must fit; among several targets files pick their own.
  public func alignments(
    for id: String, _ sequence: ProteinSequence, isOnlyTarget: Bool
  ) throws(InputError) -> [Alignment] {
    if let file = damaged.first(where: { $0.id == id }) { throw file.error }
    var found: [Alignment] = []
    for file in files {
      if isOnlyTarget { try file.query.checkQuery(is: sequence) }
      if isOnlyTarget || (try? file.query.checkQuery(is: sequence)) != nil {
        found.append(try file.read())
      }
    }
    for folder in folders {
      for path in Self.paths(in: folder, for: id, isOnlyTarget: isOnlyTarget) {
        let alignment = try Alignment.read(path: path)
        try alignment.checkQuery(is: sequence)
        found.append(alignment)
      }
    }
    return found
  }

  /// Throws if a file or a folder is of no use to any target; a single target's files are checked when they are joined.
  func requireUse(
    by targets: [(id: String, sequence: ProteinSequence)]
  ) throws(InputError) {
    for file in files where targets.count > 1 {
      if targets.contains(where: { (try? file.query.checkQuery(is: $0.sequence)) != nil }) {
        continue
      }
      throw .content(
        file: file.query.source,
        problem: "the first row is none of the \(targets.count) sequences; it must be the target's"
      )
    }
    for folder in folders {
      let isOnlyTarget = targets.count == 1
      if targets.contains(where: {
        !Self.paths(in: folder, for: $0.id, isOnlyTarget: isOnlyTarget).isEmpty
      }) {
        continue
      }
      throw .content(
        file: folder,
        problem:
          "holds no alignment for any target, expected ID.a3m or ID/*.a3m, such as \(targets[0].id).a3m"
      )
    }
  }

  /// Alignment files of a folder that belong to `id`.
  static func paths(in folder: String, for id: String, isOnlyTarget: Bool) -> [String] {
    let named = endings.map { "\(folder)/\(id)\($0)" }.filter {
      FileManager.default.fileExists(atPath: $0)
    }
    if !named.isEmpty { return named }
    for inner in ["\(folder)/\(id)", "\(folder)/\(id)/a3m"] {
      let found = alignments(in: inner)
      if !found.isEmpty { return found }
    }
    return isOnlyTarget ? alignments(in: folder) : []
  }

  /// Whether a file in a folder is an alignment of a single chain, by its name.
  static func isEvidence(_ name: String) -> Bool {
    let lower = name.lowercased()
    return endings.contains(where: lower.hasSuffix) && !ignored.contains(where: lower.hasPrefix)
  }

  /// All alignment files of a folder in the order in which AlphaFold2 joins them.
  package static func alignments(in folder: String) -> [String] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    return names.filter(isEvidence).sorted { (rank($0), $0) < (rank($1), $1) }.map {
      "\(folder)/\($0)"
    }
  }

  private static func rank(_ name: String) -> Int {
    let order = ["uniref90_hits", "bfd_", "small_bfd_hits", "mgnify_hits"]
    return order.firstIndex { name.hasPrefix($0) } ?? order.count
  }
}
