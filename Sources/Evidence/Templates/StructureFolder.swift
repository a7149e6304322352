import AtomicFiles
import FeaturePipeline
import Foundation
import Protein
import StructureIO

/// A folder with structure files named after their entries, and the user's own files, which hits refer to by file name.
///
/// The folder may hold `1abc.cif`, `.pdb` and `.ent`, with or without `.gz`, in lower or upper case, in the folder itself or, as in
/// mirrors of the PDB, in a subfolder named after the two middle characters.
public struct StructureFolder: Sendable {
  /// Path of the folder; nil if there are only the user's files.
  public let path: String?
  /// Paths of the user's files.
  public let own: [String]

  /// A folder, files, or both.
  public init(path: String?, own: [String] = []) {
    self.path = path
    self.own = own
  }

  /// The user's file that a hit names as `STEM_CHAIN`, the stem being the file name without ending; nil if there is none.
  func ownFile(of hit: String) -> (path: String, stem: String, chain: String)? {
    let word = hit.split(whereSeparator: \.isWhitespace).first ?? ""
    let named = own.map { (path: $0, stem: TargetName.stem(of: $0)) }.filter {
      word.hasPrefix($0.stem + "_") && word.count > $0.stem.count + 1
    }
    guard let file = named.max(by: { $0.stem.count < $1.stem.count }) else { return nil }
    return (file.path, file.stem, String(word.dropFirst(file.stem.count + 1)))
  }

  /// The structure of an entry such as `1abc`.
  func structure(of entry: String) throws(TemplateRejection) -> Structure {
    guard let path else {
      throw .structureMissing(entry: entry, folder: "any folder; give --template-mmcif-dir")
    }
    let found = Self.candidates(entry, in: path).first {
      FileManager.default.fileExists(atPath: $0) && !PathKind.isStream($0)
    }
    guard let file = found else {
      throw .structureMissing(entry: entry, folder: path)
    }
    return try Self.read(file)
  }

  /// The structure of a file.
  static func read(_ file: String) throws(TemplateRejection) -> Structure {
    do {
      return try StructureFile.read(file)
    } catch {
      throw .structureUnreadable("\(error)")
    }
  }

  private static func candidates(_ entry: String, in path: String) -> [String] {
    let middle = String(entry.dropFirst().prefix(2))
    let folders = [path, path + "/" + middle]
    let names = [entry, entry.uppercased(), "pdb" + entry]
    return folders.flatMap { folder in
      names.flatMap { name in
        ["cif", "cif.gz", "pdb", "pdb.gz", "ent", "ent.gz"].map { "\(folder)/\(name).\($0)" }
      }
    }
  }
}
