import AtomicFiles
import Foundation
import Messages

/// A search program, run unmodified.
public enum SearchTool: String, CaseIterable, Codable, Hashable, Sendable {
  case jackhmmer, hhblits, hhsearch, hmmbuild, hmmsearch, mmseqs

  /// Debian package that contains it.
  public var debianPackage: String {
    switch self {
    case .jackhmmer, .hmmbuild, .hmmsearch: "hmmer"
    case .hhblits, .hhsearch: "hhsuite"
    case .mmseqs: "mmseqs2"
    }
  }
}

/// Where search programs are: the user's paths, else the folders of `PATH`.
public struct ToolPaths: Hashable, Sendable {
  /// Paths given by the user.
  public var given: [SearchTool: String]
  /// Folders to look in, in order.
  public var folders: [String]

  /// Paths given, and the folders of a `PATH` variable.
  public init(
    given: [SearchTool: String] = [:],
    path: String = ProcessInfo.processInfo.environment["PATH"] ?? ""
  ) {
    self.given = given
    folders = path.split(separator: ":").map(String.init)
  }

  /// The executable of a program.
  public func executable(_ tool: SearchTool) throws(SearchFailure) -> String {
    if let path = given[tool] {
      guard Self.isProgram(path) else { throw .toolNotExecutable(tool, path: path) }
      return path
    }
    let found = folders.map { "\($0)/\(tool.rawValue)" }.first(where: Self.isProgram)
    guard let found else { throw .toolMissing(tool) }
    return found
  }

  /// Excludes folders, which the system reports as executable too.
  private static func isProgram(_ path: String) -> Bool {
    PathKind(of: path) == .file && FileManager.default.isExecutableFile(atPath: path)
  }
}

/// Why a search gave no result, in one line that names the cause.
public enum SearchFailure: Error, Hashable, Sendable, CustomStringConvertible, ExitStatusError {
  /// The program is not installed.
  case toolMissing(SearchTool)
  /// The path given for a program is not a program.
  case toolNotExecutable(SearchTool, path: String)
  /// Files of the database are missing or unusable.
  case database(name: String, problem: String)
  /// The program ended with an error.
  case toolFailed(SearchTool, cause: String)
  /// The program ended well, but its result is unusable.
  case unusableResult(SearchTool, problem: String)
  /// The user stopped the search.
  case interrupted(SearchTool)
  /// Our own files could not be read or written.
  case files(String)
  /// Templates are searched from an alignment, and none was planned or given.
  case noStart(database: String)
  /// The searches that were to find the alignment from which templates are searched failed.
  case startFailed

  /// One line: the program, the cause, what to try.
  public var description: String {
    switch self {
    case .toolMissing(let tool):
      "\(tool.rawValue) is not installed; install the Debian package \(tool.debianPackage)"
        + " or give --\(tool.rawValue) PATH"
    case .toolNotExecutable(let tool, let path):
      "--\(tool.rawValue) \(path): no executable file"
    case .database(let name, let problem): "database \(name): \(problem)"
    case .toolFailed(let tool, let cause): "\(tool.rawValue) failed: \(cause)"
    case .unusableResult(let tool, let problem):
      "\(tool.rawValue) ended well, but its result cannot be used: \(problem)"
    case .interrupted(let tool): "\(tool.rawValue) was interrupted"
    case .files(let problem): problem
    case .noStart(let database):
      "database \(database) is searched for templates from an alignment, and there is none;"
        + " add --database uniref90=PATH, or give predict one with --msa"
    case .startFailed: "templates are searched from an alignment, and the searches for one failed"
    }
  }

  /// The status for the shell.
  public var exitStatus: ExitStatus {
    switch self {
    case .toolMissing, .toolNotExecutable: .missingTool
    case .database: .missingInput
    case .interrupted: .interrupted
    case .files: .cannotCreate
    case .noStart: .usage
    case .toolFailed, .unusableResult, .startFailed: .internalError
    }
  }
}
