import AtomicFiles
import CHDF5
import Foundation

/// An HDF5 file: groups, datasets and attributes by path.
///
/// Errors name file and dataset in one line; libhdf5's own error stack is silent. All calls of all files are serialised by one
/// lock. Reading takes no file lock, so that read-only and network file systems work; files are written under a temporary name and
/// renamed, so no reader ever sees half of one.
public final class HDF5File: Sendable {
  /// The file, as messages name it.
  public let path: String
  let id: hid_t

  private init(id: hid_t, path: String) {
    self.id = id
    self.path = path
  }

  deinit { HDF5Library.locked { _ = H5Fclose(id) } }

  /// Bytes of the whole file; called while the lock is held.
  var byteCount: Int {
    var size: hsize_t = 0
    return H5Fget_filesize(id, &size) >= 0 ? Int(clamping: size) : .max
  }

  /// Opens a file for reading.
  public static func open(path: String) throws -> HDF5File {
    if PathKind.isStream(path) {
      throw HDF5Error.cannotOpen(file: path, reason: PathKind.streamRefusal)
    }
    return try HDF5Library.locked {
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

  /// Creates a file with the contents that `body` writes: under a temporary name first, then renamed.
  ///
  /// If anything fails, for instance on a full disk, an existing file at `path` stays and nothing else is left.
  public static func write(to path: String, _ body: (HDF5File) throws -> Void) throws {
    try AtomicFile.replace(path) { temporary in
      let file = try create(temporary, shownAs: path)
      try body(file)
      try HDF5Library.locked {
        errno = 0
        guard H5Fflush(file.id, H5F_SCOPE_GLOBAL) >= 0 else { throw systemError(path) }
      }
    }
  }

  private static func create(_ temporary: String, shownAs path: String) throws -> HDF5File {
    try HDF5Library.locked {
      guard let access = fileAccess(),
        let creation = HDF5Handle(H5Pcreate(hf_file_create()), close: H5Pclose)
      else { throw HDF5Error.cannotOpen(file: path, reason: "libhdf5 is out of memory") }
      _ = H5Pset_obj_track_times(creation.id, false)
      errno = 0
      let id = H5Fcreate(temporary, hf_truncate(), creation.id, access.id)
      guard id >= 0 else { throw systemError(path) }
      return HDF5File(id: id, path: path)
    }
  }

  /// The system's reason for the last failure, an input/output error if the library kept none.
  static func systemError(_ path: String) -> AtomicFileError {
    AtomicFileError(path: path, code: errno == 0 ? EIO : errno)
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

/// Why the file at `path` cannot be opened as HDF5, in words for users.
private func openFailureReason(_ path: String) -> String {
  switch PathKind(of: path) {
  case .absent: PathKind.isBarred(path) ? "no permission" : "no such file"
  case .folder: "it is a folder"
  case .file:
    FileManager.default.isReadableFile(atPath: path)
      ? "no HDF5 file, or cut short" : "no permission"
  }
}
