import Foundation

/// A new, empty folder that goes away with its last user.
public final class ScratchFolder: Sendable {
  /// Where the folder is.
  public let url: URL

  /// A folder beside other temporary ones.
  public init() throws {
    url = FileManager.default.temporaryDirectory
      .appendingPathComponent("helixfold-test-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(at: url) }

  /// Path of the folder.
  public var path: String { url.path }

  /// Path of a file in it.
  public func file(_ name: String) -> String { "\(path)/\(name)" }

  /// Place of a file in it.
  public func url(_ name: String) -> URL { url.appendingPathComponent(name) }

  /// Writes a text, and makes the folders around it where they are missing.
  public func write(_ text: String, to name: String) throws {
    try BasicTestSupport.write(text, file(name))
  }

  /// Writes the script of a shell, to be run as a program.
  public func writeProgram(_ script: String, to name: String) throws {
    try write("#!/bin/sh\n\(script)\n", to: name)
    try FileManager.default.setAttributes(
      [.posixPermissions: 0o755], ofItemAtPath: file(name))
  }

  /// Writes a stand-in for a program that searches.
  ///
  /// In `body`, `$OUT` is the argument after -A, -oa3m or -o, `$ALL` are all of them; `version` answers the question for the version.
  public func writeSearchProgram(
    _ body: String, to name: String, version: String = ":"
  ) throws {
    try writeProgram(
      """
      case "$1" in -h|version) \(version); exit 0;; esac
      ALL="$*"
      while [ $# -gt 0 ]; do
        case "$1" in -A|-oa3m) OUT=$2;; -o) [ "$2" = /dev/null ] || OUT=$2;; esac; shift
      done
      \(body)
      """, to: name)
  }

  /// The text of a file in it.
  public func read(_ name: String) throws -> String {
    try String(contentsOf: url(name), encoding: .utf8)
  }
}

/// Writes a text file, and makes the folders around it where they are missing.
public func write(_ text: String, _ path: String) throws {
  let file = URL(fileURLWithPath: path)
  try FileManager.default.createDirectory(
    at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
  try Data(text.utf8).write(to: file)
}

/// Calls `body` with the path of a folder that goes away afterwards.
public func withScratchFolder<Result>(_ body: (String) throws -> Result) throws -> Result {
  let folder = try ScratchFolder()
  return try withExtendedLifetime(folder) { try body(folder.path) }
}
