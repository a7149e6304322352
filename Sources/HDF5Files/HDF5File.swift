import CHDF5
import Foundation

/// An HDF5 file: groups, datasets and attributes by path.
///
/// Errors name file and dataset in one line; libhdf5's own error stack is silent. All calls of all files are
/// serialised by one lock. Reading takes no file lock, so that read-only and network file systems work; files are
/// written beside their target and renamed, so no reader ever meets half of one.
public final class HDF5File: Sendable {
  /// The file, as messages name it.
  public let path: String
  let id: hid_t

  private init(id: hid_t, path: String) {
    self.id = id
    self.path = path
  }

  deinit { HDF5Library.locked { _ = H5Fclose(id) } }

  /// Opens a file for reading.
  public static func open(path: String) throws -> HDF5File {
    try HDF5Library.locked {
      guard let access = fileAccess() else {
        throw HDF5Error.cannotOpen(file: path, reason: "libhdf5 is out of memory")
      }
      let id = H5Fopen(path, hf_read_only(), access.id)
      guard id >= 0 else {
        throw HDF5Error.cannotOpen(file: path, reason: openFailureReason(path))
      }
      return HDF5File(id: id, path: path)
    }
  }

  /// Makes a file with the contents that `body` writes: beside `path` first, then renamed.
  ///
  /// When anything fails, the disk being full included, what was at `path` stays and nothing else is left.
  public static func write<Result>(
    to path: String, _ body: (HDF5File) throws -> Result
  ) throws -> Result {
    let partial = "\(path).partial-\(ProcessInfo.processInfo.processIdentifier)"
    do {
      let result = try fill(partial, shownAs: path, body)
      guard rename(partial, path) == 0 else {
        throw HDF5Error.cannotWrite(file: path, reason: String(cString: strerror(errno)))
      }
      return result
    } catch {
      unlink(partial)
      throw error
    }
  }

  private static func fill<Result>(
    _ partial: String, shownAs path: String, _ body: (HDF5File) throws -> Result
  ) throws -> Result {
    unlink(partial)
    let file = try create(partial, shownAs: path)
    let result = try body(file)
    try HDF5Library.locked {
      guard H5Fflush(file.id, H5F_SCOPE_GLOBAL) >= 0 else {
        throw HDF5Error.cannotWrite(file: path, reason: "input/output error; is the disk full?")
      }
    }
    return result
  }

  private static func create(_ partial: String, shownAs path: String) throws -> HDF5File {
    try HDF5Library.locked {
      guard let access = fileAccess() else {
        throw HDF5Error.cannotOpen(file: path, reason: "libhdf5 is out of memory")
      }
      let id = H5Fcreate(partial, hf_exclusive(), hf_default(), access.id)
      guard id >= 0 else {
        throw HDF5Error.cannotWrite(file: path, reason: writeFailureReason(path))
      }
      return HDF5File(id: id, path: path)
    }
  }

  /// Format of HDF5 1.10, whose metadata carry checksums; no file locks; everything closes with the file.
  private static func fileAccess() -> HDF5Handle? {
    guard let access = HDF5Handle(H5Pcreate(hf_file_access()), close: H5Pclose),
      H5Pset_fclose_degree(access.id, H5F_CLOSE_STRONG) >= 0,
      H5Pset_libver_bounds(access.id, H5F_LIBVER_V110, H5F_LIBVER_V110) >= 0
    else { return nil }
    _ = H5Pset_file_locking(access.id, false, true)
    return access
  }
}

/// Why the file at `path` cannot be opened as HDF5, in words a user knows.
private func openFailureReason(_ path: String) -> String {
  var isFolder: ObjCBool = false
  if !FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) { return "no such file" }
  if isFolder.boolValue { return "it is a folder" }
  if !FileManager.default.isReadableFile(atPath: path) { return "no permission" }
  return "no HDF5 file, or cut short"
}

/// Why a file at `path` cannot be made, in words a user knows.
private func writeFailureReason(_ path: String) -> String {
  let folder = URL(fileURLWithPath: path).deletingLastPathComponent().path
  if !FileManager.default.fileExists(atPath: folder) { return "no folder '\(folder)'" }
  if !FileManager.default.isWritableFile(atPath: folder) { return "no permission in '\(folder)'" }
  return "input/output error; is the disk full?"
}
