import AtomicFiles
import Foundation
import Messages

/// `summary.tsv` and `failures.json`: the latest outcome of each target.
struct RunTables {
  /// Folder of the results.
  let folder: String

  private var summary: String { folder + "/summary.tsv" }
  private var failures: String { folder + "/failures.json" }

  /// A member of `failures.json`.
  private struct Failure: Decodable {
    let target: String
    let status: Int
    let reason: String

    var json: JSONValue {
      .object([
        ("target", .string(target)), ("status", .integer(status)), ("reason", .string(reason)),
      ])
    }
  }

  /// Writes the targets of a run to both tables; rows of other targets stay, as do those of targets that another run is working on.
  ///
  /// - Parameter patience: how long to wait for another process that may be doing the same.
  /// - Throws: ``PredictionError/tablesBusy(folder:)`` after that, having written nothing.
  func merge(_ outcomes: [TargetOutcome], patience: Duration = .seconds(60)) throws {
    try AtomicFile.createFolder(folder)
    try withExtendedLifetime(lock(patience)) {
      AtomicFile.removeUnfinished(in: folder)
      try put(outcomes)
    }
  }

  private func put(_ outcomes: [TargetOutcome]) throws {
    let earlier = rows()
    let known = Dictionary(earlier.map { ($0[0], $0) }) { _, last in last }
    let own = outcomes.filter { !$0.isBusy || known[$0.target] == nil }
    let names = Set(own.map(\.target))
    var table = [TargetOutcome.columns]
    table += earlier.filter { !names.contains($0[0]) }
    table += own.map { $0.row(after: known[$0.target]) }
    try AtomicFile.write(
      table.map { $0.joined(separator: "\t") + "\n" }.joined(), to: summary)
    var listed = failed().filter { !names.contains($0.target) }
    for outcome in own {
      guard let status = outcome.failure?.rawValue else { continue }
      listed.append(
        Failure(target: outcome.target, status: Int(status), reason: outcome.reason ?? ""))
    }
    if listed.isEmpty {
      unlink(failures)
    } else {
      try AtomicFile.write(JSONValue.array(listed.map(\.json)).pretty() + "\n", to: failures)
    }
  }

  /// Rows of the existing table; none if it has other columns.
  private func rows() -> [[String]] {
    guard let text = try? String(contentsOfFile: summary, encoding: .utf8) else { return [] }
    let lines = text.split(separator: "\n").map {
      $0.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
    }
    guard lines.first == TargetOutcome.columns else { return [] }
    return lines.dropFirst().filter { $0.count == TargetOutcome.columns.count }
  }

  /// Failures listed so far.
  private func failed() -> [Failure] {
    guard let data = FileManager.default.contents(atPath: failures) else { return [] }
    return (try? JSONDecoder().decode([Failure].self, from: data)) ?? []
  }

  /// Locks the folder as soon as no other process has it; on a file system without locks, at once.
  private func lock(_ patience: Duration) throws(PredictionError) -> FolderLock {
    let deadline = ContinuousClock.now + patience
    while true {
      if let lock = FolderLock(folder) { return lock }
      if .now >= deadline { throw .tablesBusy(folder: folder) }
      usleep(50_000)
    }
  }
}
