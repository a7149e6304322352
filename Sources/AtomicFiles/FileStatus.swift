import CLibrary

/// Status of a file, symbolic links resolved.
public struct FileStatus: Hashable, Sendable {
  /// Size in bytes.
  public let bytes: Int
  /// Time of the last change, nanoseconds since 1970.
  public let modified: Int

  /// Whether the last change was a week ago or earlier.
  package var isOld: Bool { CLibrary.time(nil) - modified / 1_000_000_000 >= 7 * 86_400 }

  /// Identifies the file on this machine.
  public let identity: Identity

  /// Device and inode number.
  public struct Identity: Hashable, Sendable {
    let device, number: UInt64
  }

  /// Queries `path` once; nil if there is nothing or it is not accessible.
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
    // File systems may store any time; one beyond the year 2262 wraps around and still reveals a change.
    modified = Int(time.tv_sec) &* 1_000_000_000 &+ Int(time.tv_nsec)
  }
}
