import BasicTestSupport
import Foundation

/// Runs the built command.
enum Command {
  struct Result {
    let status: Int32
    let output: String
    let errors: String
  }

  /// - Parameter redirection: what a shell does to the streams, such as `2>/dev/full`.
  /// - Parameter limit: what a shell does before, such as `ulimit -f 8`.
  /// - Parameter losesRights: whether the command of root, too, may only read what the modes of files allow.
  /// - Parameter meanwhile: called with the running process.
  static func run(
    _ arguments: [String], in folder: ScratchFolder? = nil, input: String = "",
    redirection: String = "", limit: String = ":", variables: [String: String] = [:],
    losesRights: Bool = false, meanwhile: (Process) throws -> Void = { _ in }
  ) throws -> Result {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/bin/sh")
    let prefix = losesRights ? "setpriv --bounding-set=-dac_override,-dac_read_search" : ""
    process.arguments =
      ["-c", "\(limit); exec \(prefix) \"$0\" \"$@\" \(redirection)", executable.path] + arguments
    if let folder { process.currentDirectoryURL = folder.url }
    process.environment = environment.merging(variables) { $1 }
    // Files, not pipes: a child that fills one pipe while the other is read would wait for ever.
    let scratch = try ScratchFolder()
    for name in ["in", "out", "err"] {
      try Data(name == "in" ? Array(input.utf8) : []).write(to: scratch.url(name))
    }
    process.standardInput = try FileHandle(forReadingFrom: scratch.url("in"))
    process.standardOutput = try FileHandle(forWritingTo: scratch.url("out"))
    process.standardError = try FileHandle(forWritingTo: scratch.url("err"))
    let running = try RunningProgram(process)
    try meanwhile(process)
    running.wait()
    return Result(
      status: process.terminationStatus,
      output: try String(contentsOf: scratch.url("out"), encoding: .utf8),
      errors: try String(contentsOf: scratch.url("err"), encoding: .utf8))
  }

  /// What every test has, whoever runs it: no variables that the command reads.
  static let environment = ProcessInfo.processInfo.environment.filter {
    !["HELIXFOLD_WEIGHTS", "HELIXFOLD_THREADS", "OMP_NUM_THREADS"].contains($0.key)
  }

  static let executable =
    BuiltProgram.url("helixfold") ?? URL(fileURLWithPath: "/helixfold-was-not-built")
}
