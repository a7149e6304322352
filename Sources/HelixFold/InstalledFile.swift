import Foundation

/// Files that come with the program, found from wherever it is started.
public enum InstalledFile {
  /// Path of a file, such as `weights/default.h5`, in a folder that holds the executable or in `share/helixfold` of one;
  /// nil if it is nowhere.
  public static func find(_ name: String) -> String? {
    let executable = URL(fileURLWithPath: Bundle.main.executablePath ?? CommandLine.arguments[0])
      .resolvingSymlinksInPath()
    var folder = executable.deletingLastPathComponent()
    for _ in 0..<5 {
      for place in [name, "share/helixfold/" + name] {
        let candidate = folder.appendingPathComponent(place).path
        if FileManager.default.fileExists(atPath: candidate) { return candidate }
      }
      folder = folder.deletingLastPathComponent()
    }
    return nil
  }
}
