import Foundation

/// The files of this repository, for tests of what comes with it.
public enum SourceTree {
  /// Its folder, found from the place of this file.
  public static let root = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

  /// Path of a file, such as `weights/default.h5`.
  public static func file(_ path: String) -> String { root.appendingPathComponent(path).path }
}
