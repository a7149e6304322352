import Foundation

/// Files installed with the program, found wherever it is started from.
public enum InstalledFile {
  /// Path of a file, such as `weights/default.h5`, in the first place that has it; nil if none does.
  public static func find(_ name: String) -> String? {
    places(of: name).first { FileManager.default.fileExists(atPath: $0) }
  }

  /// Where a file is looked for: in a folder above the executable, in its `share/helixfold`, and last in the current folder.
  public static func places(of name: String) -> [String] {
    folders.flatMap { folder in
      [name, "share/helixfold/" + name].map { folder.appendingPathComponent($0).path }
    } + [name]
  }

  /// One sentence on where a missing file was looked for.
  public static func absence(of name: String) -> String {
    let list = folders.map(\.path).joined(separator: ", ")
    return
      "\(name) is neither in the current folder, nor in \(list), nor in share/helixfold of these"
  }

  /// The folders that contain the executable, innermost first.
  private static var folders: [URL] {
    let executable = URL(fileURLWithPath: Bundle.main.executablePath ?? CommandLine.arguments[0])
      .resolvingSymlinksInPath()
    var folders: [URL] = []
    var folder = executable.deletingLastPathComponent()
    while folders.count < 5 {
      folders.append(folder)
      if folder.path == "/" { break }
      folder = folder.deletingLastPathComponent()
    }
    return folders
  }
}
