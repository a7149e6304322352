import CLibrary
import Messages

/// Files that appear whole or not at all.
///
/// Content goes to a file beside the target, is flushed to the disk and then renamed over it, so that a reader, a
/// full disk or a killed process never leaves half a file under the final name.
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

  /// Writes bytes that a closure hands over piece by piece, replacing the file if it exists.
  public static func write(
    to path: String, _ body: (_ append: (UnsafeRawBufferPointer) throws -> Void) throws -> Void
  ) throws {
    // Nothing can be put in the place of a device or a pipe; bytes go through it.
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

  /// Whether a device, a pipe or a socket is there, which cannot be replaced.
  private static func isSpecial(_ path: String) -> Bool {
    var information = stat()
    guard stat(path, &information) == 0 else { return false }
    let kind = information.st_mode & S_IFMT
    return kind != S_IFREG && kind != S_IFDIR
  }

  /// Lets a closure write a file under a temporary name in the same folder, then moves it to its place.
  ///
  /// For writers that insist on a path of their own, such as HDF5. The temporary file is flushed after the
  /// closure returns and removed if anything throws. A file that is replaced leaves its group and permissions to the new one. A link stays and the file that it leads to is replaced, or made; devices and
  /// pipes are refused.
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

  /// Removes what killed processes left unfinished in a folder; that of other machines after a week.
  ///
  /// libzip writes its archives beside the path that it is given, with six letters or digits more after a point.
  public static func removeUnfinished(in folder: String) {
    for name in names(in: folder) {
      guard let start = name.ranges(of: temporaryMark).last?.upperBound else { continue }
      let parts = name[start...].split(separator: ".", omittingEmptySubsequences: false)
      let isOurs = parts.count == 1 || (parts.count == 2 && parts[1].count == 6)
      let path = folder + "/" + name
      if isOurs, ProcessMark.isAbandoned(parts[0], at: path) { unlink(path) }
    }
  }

  /// What is named `prefix` and a ``ProcessMark`` in a folder and was left by killed processes; of other machines after a week.
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

  /// Refuses a path at which no file can be made, so that long work whose result goes there need not be done first.
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

  /// Refuses a path at which ``createFolder(_:)`` would fail, or whose folder takes no files; makes nothing.
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

  /// Whether two paths lead to one file, links resolved; false while one of them leads nowhere.
  public static func isSame(_ path: String, as other: String) -> Bool {
    guard let place = resolved(path), let otherPlace = resolved(other) else { return false }
    return place == otherPlace
  }

  /// The path without links; nil where it leads nowhere.
  private static func resolved(_ path: String) -> String? {
    guard let place = realpath(path, nil) else { return nil }
    defer { free(place) }
    return String(cString: place)
  }

  /// Where the file of a path is, or is to be made: behind links, also those that lead to no file yet.
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

  /// Who may read, write and run a file, and its group; nil where none is.
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
      // What another group was allowed is not allowed to this one.
      if old.group != new.group, fchown(file, uid_t.max, old.group) != 0 { permissions &= 0o707 }
      // Disks without permissions show the same ones for all files and refuse to change them.
      if permissions != new.permissions, fchmod(file, permissions) != 0 {
        throw .init(path: path, code: errno)
      }
    }
    guard flushToDisk(file) else { throw .init(path: path, code: errno) }
  }

  /// Flushes the folder's entry; file systems that cannot do it lose nothing but the guarantee on power loss.
  private static func flushFolder(of path: String) {
    let file = open(folder(of: path), O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { return }
    _ = flushToDisk(file)
    close(file)
  }

  /// Whether an open file, or a folder, is on the disk now; if not, `errno` says why.
  private static func flushToDisk(_ file: Int32) -> Bool {
    #if canImport(Darwin)
      // There fsync ends in the cache of the drive; disks that cannot be told to empty it, such as those of other machines, get fsync.
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

  /// Whether space or a quota ran out rather than the place being unsuitable.
  public var isOutOfSpace: Bool { code == ENOSPC || code == EDQUOT || code == EFBIG }

  /// Whether writing failed half-way, or the file cannot be made.
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
