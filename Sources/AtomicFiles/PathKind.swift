import CLibrary

/// What is at a path, symbolic links resolved.
public enum PathKind: Sendable {
  /// Nothing, or nothing accessible.
  case absent
  /// A folder.
  case folder
  /// Anything else: a file, a device, a pipe.
  case file

  /// Whether a path can be read a second time: it is neither the standard input (`-`) nor a pipe or another stream.
  public static func isReadAgain(_ path: String) -> Bool {
    var status = stat()
    return path != "-" && stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
  }

  /// Whether a path is a pipe, a device or a socket: its bytes can be read only once, and it may never end.
  public static func isStream(_ path: String) -> Bool {
    var status = stat()
    guard stat(path, &status) == 0 else { return false }
    return ![S_IFREG, S_IFDIR].contains(status.st_mode & S_IFMT)
  }

  /// Why a stream is rejected if a file is read in pieces, or twice.
  package static let streamRefusal = "it is a pipe or a device, expected a file"

  /// Queries `path` once.
  public init(of path: String) {
    var status = stat()
    guard stat(path, &status) == 0 else {
      self = .absent
      return
    }
    self = status.st_mode & S_IFMT == S_IFDIR ? .folder : .file
  }

  /// Whether a folder on the way to `path` is not accessible, so that nothing is known about `path`.
  public static func isBarred(_ path: String) -> Bool {
    var status = stat()
    return stat(path, &status) != 0 && errno == EACCES
  }

  /// Why a file cannot be read, in words for users.
  package static func readFailure(_ path: String) -> String {
    switch PathKind(of: path) {
    case .absent: isBarred(path) ? "no permission" : "no such file"
    case .folder: "it is a folder"
    case .file: access(path, R_OK) == 0 ? "input/output error" : "no permission"
    }
  }
}
