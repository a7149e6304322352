import Foundation

/// Files that come with the program, found from wherever it is started.
public enum InstalledFile {
  /// Path of a file, such as `weights/default.h5`, in the first of its places that has it; nil if none has.
  public static func find(_ name: String) -> String? {
    places(of: name).first { FileManager.default.fileExists(atPath: $0) }
  }

  /// Where a file is looked for: in a folder that holds the executable, in `share/helixfold` of one, last in the current folder.
  public static func places(of name: String) -> [String] {
    folders.flatMap { folder in
      [name, "share/helixfold/" + name].map { folder.appendingPathComponent($0).path }
    } + [name]
  }

  /// Says in one sentence where a file was looked for in vain.
  public static func absence(of name: String) -> String {
    let list = folders.map(\.path).joined(separator: ", ")
    return
      "\(name) is neither in the current folder, nor in \(list), nor in share/helixfold of these"
  }

  /// The folders that hold the executable, the innermost first.
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
