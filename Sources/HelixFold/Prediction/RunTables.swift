import AtomicFiles
import Foundation
import Messages

/// `summary.tsv` and `failures.json`: what became of each target when a run last had it.
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

  /// Puts the targets of a run into both tables; rows of other targets stay, and so does that of one that another run has.
  ///
  /// - Parameter patience: time for which another process, which may do the same, is waited for.
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

  /// Rows of the table that is there; none if it is another table.
  private func rows() -> [[String]] {
    guard let text = try? String(contentsOfFile: summary, encoding: .utf8) else { return [] }
    let lines = text.split(separator: "\n").map {
      $0.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
    }
    guard lines.first == TargetOutcome.columns else { return [] }
    return lines.dropFirst().filter { $0.count == TargetOutcome.columns.count }
  }

  /// Failures that are listed.
  private func failed() -> [Failure] {
    guard let data = FileManager.default.contents(atPath: failures) else { return [] }
    return (try? JSONDecoder().decode([Failure].self, from: data)) ?? []
  }

  /// Locks the folder as soon as no other process has it; on a disk that knows no locks, at once.
  private func lock(_ patience: Duration) throws(PredictionError) -> FolderLock {
    let deadline = ContinuousClock.now + patience
    while true {
      if let lock = FolderLock(folder) { return lock }
      if .now >= deadline { throw .tablesBusy(folder: folder) }
      usleep(50_000)
    }
  }
}
