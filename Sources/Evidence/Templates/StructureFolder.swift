import AtomicFiles
import Foundation
import Protein
import StructureIO

/// A folder with structure files named after their entries.
///
/// Found are `1abc.cif`, `.pdb` and `.ent` with or without `.gz`, in lower or upper case, in the folder itself or, as
/// in mirrors of the PDB, in a subfolder named after the two middle characters.
public struct StructureFolder: Sendable {
  /// Path of the folder.
  public let path: String

  /// A folder.
  public init(path: String) { self.path = path }

  /// The structure of an entry such as `1abc`.
  func structure(of entry: String) throws(TemplateRejection) -> Structure {
    let found = candidates(entry).first {
      FileManager.default.fileExists(atPath: $0) && !PathKind.isStream($0)
    }
    guard let file = found else {
      throw .structureMissing(entry: entry, folder: path)
    }
    do {
      return try StructureFile.read(file)
    } catch {
      throw .structureUnreadable("\(error)")
    }
  }

  private func candidates(_ entry: String) -> [String] {
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
