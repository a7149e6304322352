import BasicTestSupport
import Foundation

/// The files of this repository.
enum Repository {
  /// A file with its path relative to the root, `Sources/…`.
  struct File: Sendable, CustomStringConvertible {
    let path: String
    let text: String

    var description: String { path }
    var lines: [Substring] { text.split(separator: "\n", omittingEmptySubsequences: false) }
    var name: String { path.split(separator: "/").last.map(String.init) ?? path }

    /// Lines of code with their numbers: no comments, no blank lines.
    var code: [(number: Int, text: Substring)] {
      lines.enumerated().compactMap { index, line in
        let text = line.drop(while: \.isWhitespace)
        return text.isEmpty || text.hasPrefix("//") ? nil : (index + 1, text)
      }
    }
  }

  /// All UTF-8 files below the folders, hidden ones and Python environments (Benchmarks/compare/setup.sh) left out.
  static func textFiles(in folders: [String], suffix: String = "") -> [File] {
    folders.flatMap { folder -> [File] in
      let start = SourceTree.file(folder)
      guard let walk = FileManager.default.enumerator(atPath: start) else { return [] }
      return walk.compactMap { entry in
        guard let path = entry as? String else { return nil }
        if FileManager.default.fileExists(atPath: "\(start)/\(path)/pyvenv.cfg") {
          walk.skipDescendants()
        }
        guard path.hasSuffix(suffix),
          !path.split(separator: "/").contains(where: { $0.hasPrefix(".") })
        else { return nil }
        return file("\(folder)/\(path)")
      }
    }
    .sorted { $0.path < $1.path }
  }

  /// One file, nil when it is missing, a folder or not UTF-8.
  static func file(_ path: String) -> File? {
    guard let text = try? String(contentsOfFile: SourceTree.file(path), encoding: .utf8)
    else { return nil }
    return File(path: path, text: text)
  }

  static let sources = textFiles(in: ["Sources"], suffix: ".swift")
  static let tests = textFiles(in: ["Tests"], suffix: ".swift")
}
