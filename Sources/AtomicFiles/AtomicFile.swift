#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

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
    try replace(path) { temporary in
      let file = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
      guard file >= 0 else { throw AtomicFileError(path: path, code: errno) }
      defer { close(file) }
      try body { bytes in
        var offset = 0
        while offset < bytes.count {
          let rest = UnsafeRawBufferPointer(rebasing: bytes[offset...])
          let written = systemWrite(file, rest)
          if written < 0 {
            if errno == EINTR { continue }
            throw AtomicFileError(path: path, code: errno)
          }
          offset += written
        }
      }
    }
  }

  /// Lets a closure write a file under a temporary name in the same folder, then moves it to its place.
  ///
  /// For writers that insist on a path of their own, such as HDF5. The temporary file is flushed after the
  /// closure returns and removed if anything throws.
  public static func replace(
    _ path: String, writing body: (_ temporary: String) throws -> Void
  ) throws {
    let temporary = path + temporaryMark + "\(getpid())"
    do {
      try body(temporary)
      try flush(temporary, for: path)
      guard rename(temporary, path) == 0 else { throw AtomicFileError(path: path, code: errno) }
    } catch {
      unlink(temporary)
      throw error
    }
    flushFolder(of: path)
  }

  /// Removes what killed processes of this machine left unfinished in a folder.
  public static func removeUnfinished(in folder: String) {
    guard let entries = opendir(folder) else { return }
    defer { closedir(entries) }
    while let entry = readdir(entries) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: Int(NAME_MAX) + 1) { String(cString: $0) }
      }
      if isAbandoned(name) { unlink(folder + "/" + name) }
    }
  }

  /// Whether a name is that of a temporary file whose process is gone.
  private static func isAbandoned(_ name: String) -> Bool {
    let digits = name.utf8.reversed().prefix { (0x30...0x39).contains($0) }.count
    guard digits > 0, name.dropLast(digits).hasSuffix(temporaryMark),
      let process = pid_t(name.suffix(digits))
    else { return false }
    return process == getpid() || !isRunning(process)
  }

  /// Whether a process of this machine runs, whoever owns it.
  package static func isRunning(_ process: pid_t) -> Bool {
    process > 0 && (kill(process, 0) == 0 || errno != ESRCH)
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
    let folder = path.lastIndex(of: "/").map { String(path[...$0]) } ?? "."
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
    guard let place = realpath(path, nil) else { return false }
    defer { free(place) }
    guard let otherPlace = realpath(other, nil) else { return false }
    defer { free(otherPlace) }
    return strcmp(place, otherPlace) == 0
  }

  private static func isFolder(_ information: stat) -> Bool {
    information.st_mode & S_IFMT == S_IFDIR
  }

  private static func flush(_ temporary: String, for path: String) throws(AtomicFileError) {
    let file = open(temporary, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { throw .init(path: path, code: errno) }
    defer { close(file) }
    guard fsync(file) == 0 else { throw .init(path: path, code: errno) }
  }

  /// Flushes the folder's entry; file systems that cannot do it lose nothing but the guarantee on power loss.
  private static func flushFolder(of path: String) {
    let folder = path.lastIndex(of: "/").map { String(path[...$0]) } ?? "."
    let file = open(folder, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { return }
    _ = fsync(file)
    close(file)
  }

  private static func systemWrite(_ file: Int32, _ bytes: UnsafeRawBufferPointer) -> Int {
    #if canImport(Glibc)
      Glibc.write(file, bytes.baseAddress, bytes.count)
    #else
      Darwin.write(file, bytes.baseAddress, bytes.count)
    #endif
  }
}

/// A file that could not be written, with the system's reason.
public struct AtomicFileError: Error, Hashable, CustomStringConvertible {
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

  /// Exit status for a command that stops because of it: 74 if writing failed half-way, 73 if the file cannot be made.
  public var exitStatus: Int32 { isOutOfSpace || code == EIO ? 74 : 73 }

  /// One line: the path, the reason and what to try.
  public var description: String {
    let reason = String(cString: strerror(code))
    let hint =
      switch code {
      case ENOSPC, EDQUOT: "; free some space or choose another output folder"
      case EACCES, EPERM, EROFS: "; choose an output folder that you may write to"
      case ENOENT: "; does the folder exist?"
      case EISDIR: "; name a file"
      default: ""
      }
    return "\(path): cannot write: \(reason)\(hint)"
  }
}
