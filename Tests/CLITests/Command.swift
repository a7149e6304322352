import Foundation
import ProgramSupport

/// Runs the built command.
enum Command {
  struct Result {
    let status: Int32
    let output: String
    let errors: String
  }

  /// - Parameter redirection: what a shell does to the streams, such as `2>/dev/full`.
  /// - Parameter limit: what a shell does before, such as `ulimit -f 8`.
  /// - Parameter meanwhile: called with the running process.
  static func run(
    _ arguments: [String], in folder: ScratchFolder? = nil, input: String = "",
    redirection: String = "", limit: String = ":", meanwhile: (Process) throws -> Void = { _ in }
  ) throws -> Result {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/bin/sh")
    process.arguments =
      ["-c", "\(limit); exec \"$0\" \"$@\" \(redirection)", executable.path] + arguments
    if let folder { process.currentDirectoryURL = folder.url }
    var environment = ProcessInfo.processInfo.environment
    environment["HELIXFOLD_WEIGHTS"] = nil
    process.environment = environment
    // Files, not pipes: a child that fills one pipe while the other is read would wait for ever.
    let scratch = try ScratchFolder()
    for name in ["in", "out", "err"] {
      try Data(name == "in" ? Array(input.utf8) : []).write(to: scratch.file(name))
    }
    process.standardInput = try FileHandle(forReadingFrom: scratch.file("in"))
    process.standardOutput = try FileHandle(forWritingTo: scratch.file("out"))
    process.standardError = try FileHandle(forWritingTo: scratch.file("err"))
    try process.run()
    try meanwhile(process)
    process.waitUntilExit()
    return Result(
      status: process.terminationStatus,
      output: try String(contentsOf: scratch.file("out"), encoding: .utf8),
      errors: try String(contentsOf: scratch.file("err"), encoding: .utf8))
  }

  private static let executable =
    BuiltProgram.url("helixfold") ?? URL(fileURLWithPath: "/helixfold-was-not-built")
}

/// A folder that goes away with the test.
final class ScratchFolder: Sendable {
  let url: URL

  init() throws {
    url = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(at: url) }

  func file(_ name: String) -> URL { url.appendingPathComponent(name) }
}
