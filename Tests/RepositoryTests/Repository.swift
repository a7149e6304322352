import BasicTestSupport
import Foundation

/// The files of this repository.
enum Repository {
  /// A file with its path relative to the root, `Sources/…`.
  struct File: Sendable, CustomStringConvertible {
    let path: String
    let text: String

    var description: String { path }
    var lineCount: Int { text.utf8.count { $0 == UInt8(ascii: "\n") } }
    var name: String { path.split(separator: "/").last.map(String.init) ?? path }

    /// Lines that contain one of the words, with their numbers.
    ///
    /// The regular expressions of the rules are slow, so that only these lines are tried.
    func lines(with words: [String]) -> [(number: Int, text: Substring)] {
      let isNamed = text.withCString { text in words.contains { strstr(text, $0) != nil } }
      guard isNamed else { return [] }
      return text.split(separator: "\n", omittingEmptySubsequences: false).enumerated()
        .filter { line in words.contains { line.element.contains($0) } }
        .map { ($0.offset + 1, $0.element) }
    }

    /// The same for lines of code, without their indentation: no comments.
    func code(with words: [String]) -> [(number: Int, text: Substring)] {
      lines(with: words).map { ($0.number, $0.text.drop(while: \.isWhitespace)) }
        .filter { !$0.text.hasPrefix("//") }
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
