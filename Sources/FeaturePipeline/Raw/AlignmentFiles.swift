import AtomicFiles
import Foundation
import Protein

/// Finds the alignments that belong to a target among files and folders given by the user.
///
/// A file belongs to the target whose sequence is its first row. In a folder, files are found by name: `ID.a3m` (or `.sto`, `.afa`),
/// all alignments in `ID/`, `ID/a3m/` (OpenProteinSet) or `ID/msas/` (AlphaFold2, `helixfold search`), or, for a single target, all
/// in the folder itself or in its `a3m/` or `msas/`. ``DatabaseRole`` gives the order of several files of one folder, and says which
/// are not evidence for a single chain.
public struct AlignmentFiles: Sendable {
  private let folders: [String]
  private let files: [File]
  /// Files that cannot be parsed, by the target in their names.
  private let damaged: [(id: String, error: InputError)]

  /// Endings of alignment files, plain or compressed.
  package static let endings = [".a3m", ".sto", ".stk", ".afa"].flatMap { [$0, $0 + ".gz"] }
  /// Where the alignments of a target may be in its folder.
  static let places = ["", "/a3m", "/msas"]

  /// A file given by name: its first row, which identifies its target, and all rows as long as they take little memory.
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

  /// Letters of named files to keep; other files are read again when their target's turn comes.
  private static let keptLetters = 32 << 20

  /// Reads the files among `paths`; folders are searched for each target.
  ///
  /// A file that cannot be parsed fails one target, the only one or the one in the file's name, and not the others.
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
        let id = ids.count == 1 ? ids[0] : Self.target(of: path, among: ids)
        guard error.isAboutContent, let id else { throw error }
        damaged.append((id, error))
      }
    }
    self.folders = folders
    self.files = files
    self.damaged = damaged
  }

  /// Whether no file and no folder was named.
  var isEmpty: Bool { folders.isEmpty && files.isEmpty && damaged.isEmpty }

  /// The target in the name of a file.
  private static func target(of path: String, among ids: [String]) -> String? {
    let name = path.split(separator: "/").last ?? ""
    return ids.first { id in endings.contains { name == id + $0 } }
  }

  /// The alignments of a target, possibly none.
  ///
  /// For the only target of a run every file must fit; among several targets files pick their own.
  public func alignments(
    for id: String, _ sequence: ProteinSequence, isOnlyTarget: Bool
  ) throws(InputError) -> [Alignment] {
    if let file = damaged.first(where: { $0.id == id }) { throw file.error }
    var found: [Alignment] = []
    for file in files {
      if isOnlyTarget {
        try file.query.checkQuery(is: sequence)
      } else if !file.query.belongs(to: sequence) {
        continue
      }
      found.append(try file.read())
    }
    for folder in folders {
      for path in try Self.paths(in: folder, for: id, isOnlyTarget: isOnlyTarget) {
        let alignment = try Alignment.read(path: path)
        try alignment.checkQuery(is: sequence)
        found.append(alignment)
      }
    }
    return found
  }

  /// Throws if a file or folder belongs to no target; a single target's files are checked when they are joined.
  func requireUse(
    by targets: [(id: String, sequence: ProteinSequence)]
  ) throws(InputError) {
    for file in files where targets.count > 1 {
      if targets.contains(where: { file.query.belongs(to: $0.sequence) }) { continue }
      throw .content(
        file: file.query.source,
        problem: "the first row is none of the \(targets.count) sequences; it must be the target's"
      )
    }
    for folder in folders {
      let isOnlyTarget = targets.count == 1
      var isUsed = false
      for target in targets where !isUsed {
        isUsed = try !Self.paths(in: folder, for: target.id, isOnlyTarget: isOnlyTarget).isEmpty
      }
      if isUsed { continue }
      throw .content(
        file: folder,
        problem:
          "holds no alignment for any target, expected ID.a3m, ID/*.a3m or ID/msas/*.sto, such as \(targets[0].id).a3m"
      )
    }
  }

  /// Alignment files of a folder that belong to `id`.
  static func paths(
    in folder: String, for id: String, isOnlyTarget: Bool
  ) throws(InputError) -> [String] {
    let named = endings.map { "\(folder)/\(id)\($0)" }.filter {
      FileManager.default.fileExists(atPath: $0) && !PathKind.isStream($0)
    }
    if !named.isEmpty { return named }
    for own in ["\(folder)/\(id)"] + (isOnlyTarget ? [folder] : []) {
      for place in places {
        let found = try alignments(in: own + place)
        if !found.isEmpty { return found }
      }
    }
    return []
  }

  /// Whether a file in a folder is an alignment of a single chain, by its name; hidden files are not.
  static func isEvidence(_ name: String) -> Bool {
    !name.hasPrefix(".") && stem(name) != nil
      && DatabaseRole(file: name).map { $0.use == .alignment } ?? true
  }

  /// The name of an alignment file without folder and ending; nil if it has no such ending.
  static func stem(_ path: String) -> String? {
    let name = path.split(separator: "/").last.map(String.init) ?? path
    let lower = name.lowercased()
    let ending = endings.filter(lower.hasSuffix).max { $0.count < $1.count }
    return ending.map { String(name.dropLast($0.count)) }
  }

  /// All alignment files of a folder in the order in which AlphaFold2 joins them.
  package static func alignments(in folder: String) throws(InputError) -> [String] {
    let names = try FolderContents.inputs(in: folder, ifPresent: true) { name in
      isEvidence(name) && PathKind(of: "\(folder)/\(name)") != .folder
    }
    return names.map { ($0, DatabaseRole(file: $0)) }.sorted {
      precedes($0, $1)
    }.map { "\(folder)/\($0.0)" }
  }

  /// Results of searches come first in their order, then other files by name.
  private static func precedes(
    _ first: (name: String, database: DatabaseRole?),
    _ second: (name: String, database: DatabaseRole?)
  ) -> Bool {
    switch (first.database, second.database) {
    case (let a?, let b?) where a != b: a < b
    case (.some, nil): true
    case (nil, .some): false
    default: first.name < second.name
    }
  }
}
