import CLibrary

/// Keeps other processes from writing into a folder while this object lives.
///
/// The lock is the system's: it ends with the process, however that ends. On file systems without locks, nothing is locked.
public final class FolderLock: Sendable {
  private let file: Int32

  /// Locks a folder; nil only if another process has locked it: other failures mean a file system without locks.
  public init?(_ folder: String) {
    file = open(folder, O_RDONLY | O_CLOEXEC)
    if file >= 0, flock(file, LOCK_EX | LOCK_NB) != 0, errno == EWOULDBLOCK {
      close(file)
      return nil
    }
  }

  deinit {
    if file >= 0 { close(file) }
  }
}
