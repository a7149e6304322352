import CHDF5
import Foundation

/// The one lock around libhdf5, which may have been built without thread safety.
enum HDF5Library {
  /// Recursive, because a dataset is written inside the writing of its file.
  private static let lock = NSRecursiveLock()

  /// Once per process: no plug-in filters from the environment, no links into other files.
  ///
  /// Files are closed when they are written. At exit nothing is left to do, and a thread that is still reading would make the
  /// library report an infinite loop while it closes.
  private static let isReady: Bool = {
    _ = H5dont_atexit()
    return H5open() >= 0 && H5PLset_loading_state(0) >= 0 && hf_refuse_external_links() >= 0
  }()

  /// Runs `body` while no other thread is inside the library.
  static func locked<Result>(_ body: () throws -> Result) rethrows -> Result {
    lock.lock()
    defer { lock.unlock() }
    _ = isReady
    _ = hf_silence_errors()  // per thread if libhdf5 was built thread-safe
    return try body()
  }
}
