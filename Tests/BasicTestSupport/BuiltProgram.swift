import Foundation

/// Programs of this package, for tests that run them.
public enum BuiltProgram {
  /// The program of that name, which stands beside the test bundle; nil if it was not built.
  public static func url(_ name: String) -> URL? {
    var folder = URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent()
    for _ in 0..<4 {
      let candidate = folder.appendingPathComponent(name)
      if FileManager.default.isExecutableFile(atPath: candidate.path) { return candidate }
      folder = folder.deletingLastPathComponent()
    }
    return nil
  }
}
