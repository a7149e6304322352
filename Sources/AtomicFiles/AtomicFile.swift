import CLibrary
import Messages

/// Files that appear complete or not at all.
///
/// Content goes to a file beside the target, which is flushed to disk and then renamed over it, so that a reader, a full disk or a
/// killed process never leaves half a file under the final name.
public enum AtomicFile {
  /// Writes text as UTF-8, replacing the file if it exists; throws `AtomicFileError`.
  public static func write(_ text: String, to path: String) throws {
    var text = text
    try text.withUTF8 { try write(UnsafeRawBufferPointer($0), to: path) }
  }

  /// Writes bytes, replacing the file if it exists; throws `AtomicFileError`.
  public static func write(_ bytes: UnsafeRawBufferPointer, to path: String) throws {
    try write(to: path) { try $0(bytes) }
  }

  /// Writes bytes that a closure supplies piece by piece, replacing the file if it exists.
  public static func write(
    to path: String, _ body: (_ append: (UnsafeRawBufferPointer) throws -> Void) throws -> Void
  ) throws {
    // A device or a pipe cannot be replaced; bytes are written to it.
    if isSpecial(path) { return try fill(path, for: path, body) }
    try replace(path) { try fill($0, for: path, body) }
  }

  private static func fill(
    _ place: String, for path: String,
    _ body: (_ append: (UnsafeRawBufferPointer) throws -> Void) throws -> Void
  ) throws {
    let file = open(place, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
    guard file >= 0 else { throw AtomicFileError(path: path, code: errno) }
    defer { close(file) }
    try body { bytes in
      do throws(FileTransfer.Failure) {
        try FileTransfer.write(bytes, to: file)
      } catch {
        throw AtomicFileError(path: path, code: error.code ?? EIO)
      }
    }
  }

  /// Whether the path is a device, a pipe or a socket, which cannot be replaced.
  private static func isSpecial(_ path: String) -> Bool {
    var information = stat()
    guard stat(path, &information) == 0 else { return false }
    let kind = information.st_mode & S_IFMT
    return kind != S_IFREG && kind != S_IFDIR
  }

  /// Lets a closure write a file under a temporary name in the same folder, then renames it.
  ///
  /// For writers that need a path, such as HDF5. The temporary file is flushed after the closure returns and removed if anything throws. A
  /// replaced file passes its group and permissions on to the new one. A link stays, and the file that it leads to is replaced or created;
  /// devices and pipes are errors.
  public static func replace(
    _ path: String, writing body: (_ temporary: String) throws -> Void
  ) throws {
    if isSpecial(path) { throw AtomicFileError(path: path, code: ENOTSUP) }
    let place = try place(of: path)
    let temporary = place + temporaryMark + ProcessMark.make()
    do {
      try body(temporary)
      try flush(temporary, replacing: rights(of: place), for: path)
      guard rename(temporary, place) == 0 else { throw AtomicFileError(path: path, code: errno) }
    } catch {
      unlink(temporary)
      throw error
    }
    flushFolder(of: place)
  }

  /// Removes unfinished files of killed processes from a folder; those of other machines after a week.
  ///
  /// libzip writes its archives beside the given path, with a dot and six letters or digits added.
  public static func removeUnfinished(in folder: String) {
    for name in names(in: folder) {
      guard let start = name.ranges(of: temporaryMark).last?.upperBound else { continue }
      let parts = name[start...].split(separator: ".", omittingEmptySubsequences: false)
      let isOurs = parts.count == 1 || (parts.count == 2 && parts[1].count == 6)
      let path = folder + "/" + name
      if isOurs, ProcessMark.isAbandoned(parts[0], at: path) { unlink(path) }
    }
  }

  /// Entries of a folder named `prefix` plus a ``ProcessMark`` that killed processes left; those of other machines after a week.
  package static func abandoned(in folder: String, prefix: String) -> [String] {
    names(in: folder).compactMap { name in
      let path = folder + "/" + name
      let isLeft =
        name.hasPrefix(prefix) && ProcessMark.isAbandoned(name.dropFirst(prefix.count), at: path)
      return isLeft ? path : nil
    }
  }

  private static func names(in folder: String) -> [String] {
    guard let entries = opendir(folder) else { return [] }
    defer { closedir(entries) }
    var names: [String] = []
    while let entry = readdir(entries) {
      names.append(
        withUnsafePointer(to: &entry.pointee.d_name) {
          $0.withMemoryRebound(to: CChar.self, capacity: Int(NAME_MAX) + 1) { String(cString: $0) }
        })
    }
    return names
  }

  private static let temporaryMark = ".partial-"

  /// Makes a folder and those above it; succeeds if it exists.
  public static func createFolder(_ path: String) throws(AtomicFileError) {
    var partial = path.hasPrefix("/") ? "/" : ""
    for component in path.split(separator: "/") {
      partial += partial.isEmpty || partial.hasSuffix("/") ? "\(component)" : "/\(component)"
      if mkdir(partial, 0o755) != 0 && errno != EEXIST {
        throw .init(path: path, code: errno)
      }
    }
    var information = stat()
    guard stat(path, &information) == 0 else { throw .init(path: path, code: errno) }
    guard isFolder(information) else { throw .init(path: path, code: ENOTDIR) }
  }

  /// Throws if no file can be created at a path, before any long work for it is done.
  public static func requirePlace(forFile path: String) throws(AtomicFileError) {
    var information = stat()
    if path.hasSuffix("/") || (stat(path, &information) == 0 && isFolder(information)) {
      throw .init(path: path, code: EISDIR)
    }
    let folder = folder(of: try isSpecial(path) ? path : place(of: path))
    guard stat(folder, &information) == 0 else { throw .init(path: path, code: errno) }
    guard isFolder(information) else { throw .init(path: path, code: ENOTDIR) }
    guard access(folder, W_OK | X_OK) == 0 else { throw .init(path: path, code: errno) }
  }

  /// Throws if ``createFolder(_:)`` would fail at a path, or if the folder is not writable; creates nothing.
  public static func requirePlace(forFolder path: String) throws(AtomicFileError) {
    var information = stat()
    var folder = path.isEmpty ? "." : path
    while stat(folder, &information) != 0 {
      guard errno == ENOENT else { throw .init(path: path, code: errno) }
      let parts = folder.split(separator: "/")
      let root = folder.hasPrefix("/") ? "/" : ""
      folder = parts.count > 1 ? root + parts.dropLast().joined(separator: "/") : root
      if folder.isEmpty { folder = "." }
    }
    guard isFolder(information) else { throw .init(path: path, code: ENOTDIR) }
    guard access(folder, W_OK | X_OK) == 0 else { throw .init(path: path, code: errno) }
  }

  /// Whether two paths lead to one file, links resolved; false if one of them leads nowhere.
  public static func isSame(_ path: String, as other: String) -> Bool {
    guard let place = resolved(path), let otherPlace = resolved(other) else { return false }
    return place == otherPlace
  }

  /// The path without links; nil if it leads nowhere.
  private static func resolved(_ path: String) -> String? {
    guard let place = realpath(path, nil) else { return nil }
    defer { free(place) }
    return String(cString: place)
  }

  /// The path of the actual file after following links, including those to files that do not exist yet.
  private static func place(of path: String) throws(AtomicFileError) -> String {
    if let place = resolved(path) { return place }
    var place = path
    for _ in 0..<40 {  // as many links as Linux follows
      guard let next = SymbolicLink.destination(of: place) else { return place }
      place = next.hasPrefix("/") ? next : folder(of: place) + next
    }
    throw .init(path: path, code: ELOOP)
  }

  /// The folder of a path, with a slash at its end.
  private static func folder(of path: String) -> String {
    path.lastIndex(of: "/").map { String(path[...$0]) } ?? "./"
  }

  private static func isFolder(_ information: stat) -> Bool {
    information.st_mode & S_IFMT == S_IFDIR
  }

  /// Permissions and group of a file; nil if there is none.
  private static func rights(of path: String) -> (permissions: mode_t, group: gid_t)? {
    var information = stat()
    guard stat(path, &information) == 0 else { return nil }
    return (information.st_mode & 0o777, information.st_gid)
  }

  private static func flush(
    _ temporary: String, replacing old: (permissions: mode_t, group: gid_t)?, for path: String
  ) throws(AtomicFileError) {
    let file = open(temporary, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { throw .init(path: path, code: errno) }
    defer { close(file) }
    if let old, let new = rights(of: temporary) {
      var permissions = old.permissions
      // Permissions of another group do not apply to this one.
      if old.group != new.group, fchown(file, uid_t.max, old.group) != 0 { permissions &= 0o707 }
      // File systems without permissions show the same ones for all files and refuse to change them.
      if permissions != new.permissions, fchmod(file, permissions) != 0 {
        throw .init(path: path, code: errno)
      }
    }
    guard flushToDisk(file) else { throw .init(path: path, code: errno) }
  }

  /// Flushes the folder's entry; file systems that cannot do it only lose the guarantee on power loss.
  private static func flushFolder(of path: String) {
    let file = open(folder(of: path), O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { return }
    _ = flushToDisk(file)
    close(file)
  }

  /// Flushes an open file or folder to disk; on failure returns false and sets `errno`.
  private static func flushToDisk(_ file: Int32) -> Bool {
    #if canImport(Darwin)
      // On macOS, fsync stops at the drive's cache; file systems that cannot flush it, such as network ones, get fsync.
      if fcntl(file, F_FULLFSYNC) != -1 { return true }
    #endif
    return fsync(file) == 0
  }
}

/// A file that could not be written, with the system's reason.
public struct AtomicFileError: Error, Hashable, CustomStringConvertible, ExitStatusError {
  /// Path of the file or folder.
  public let path: String
  /// The system's error number (`errno`).
  public let code: Int32

  /// An error for a path.
  public init(path: String, code: Int32) {
    self.path = path
    self.code = code
  }

  /// Whether the failure was for lack of space or quota.
  public var isOutOfSpace: Bool { code == ENOSPC || code == EDQUOT || code == EFBIG }

  /// The status for the shell: writing failed midway, or the file cannot be created.
  public var exitStatus: ExitStatus { isOutOfSpace || code == EIO ? .cannotWrite : .cannotCreate }

  /// One line: the path, the reason and what to try.
  public var description: String {
    let reason = String(cString: strerror(code))
    let hint =
      switch code {
      case ENOSPC, EDQUOT: "; free some space or choose another output folder"
      case EACCES, EPERM, EROFS: "; choose an output folder that you may write to"
      case ENOENT: "; does the folder exist?"
      case EISDIR, ENOTSUP: "; name a file"
      default: ""
      }
    return "\(path): cannot write: \(reason)\(hint)"
  }
}
