import CLibrary

/// What can be told of a file without reading it, behind symbolic links.
public struct FileStatus: Hashable, Sendable {
  /// Size in bytes.
  public let bytes: Int
  /// Time of the last change, nanoseconds since 1970.
  public let modified: Int

  /// Whether the last change was a week ago or earlier.
  package var isOld: Bool { CLibrary.time(nil) - modified / 1_000_000_000 >= 7 * 86_400 }

  /// What tells the file from all others of the machine.
  public let identity: Identity

  /// A device, and the number of a file there.
  public struct Identity: Hashable, Sendable {
    let device, number: UInt64
  }

  /// Looks at `path` once; nil where nothing is, or nothing that may be seen.
  public init?(of path: String) {
    var status = stat()
    guard stat(path, &status) == 0 else { return nil }
    #if canImport(Darwin)
      let time = status.st_mtimespec
    #else
      let time = status.st_mtim
    #endif
    bytes = Int(status.st_size)
    identity = Identity(
      device: UInt64(truncatingIfNeeded: status.st_dev),
      number: UInt64(truncatingIfNeeded: status.st_ino))
    // A disk may hold any time; one beyond the year 2262 wraps around and still tells a change.
    modified = Int(time.tv_sec) &* 1_000_000_000 &+ Int(time.tv_nsec)
  }
}
