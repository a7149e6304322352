import Foundation
import Messages

/// The outcome of a target: a row of `summary.tsv`, and a member of `failures.json` if it failed.
struct TargetOutcome: Codable, Hashable, Sendable {
  /// Place of the target in the run.
  let index: Int
  let target: String
  var residues: Int?
  var rows: Int?
  /// Effective number of alignment rows.
  var neff: Double?
  /// The best result.
  var best: RankingScore?
  /// Seconds of this run; nil where an earlier run had finished the target.
  var seconds: Double?
  /// Most memory that the process which writes the target's files has held so far; nil where an earlier run had finished the target.
  var peakBytes: Int?
  /// Status of the failure; nil if there is none.
  private(set) var failure: ExitStatus?
  /// Why the target failed.
  private(set) var reason: String?
  /// Whether networks have begun to run, so that the outcome of earlier runs is gone.
  private(set) var isBegun = false
  /// Whether it failed because another run is working on it, which will record the outcome.
  private(set) var isBusy = false

  init(_ index: Int, _ target: String) { (self.index, self.target) = (index, target) }

  /// A target in progress; if it stays like this in the table, its run was stopped.
  init(begun index: Int, _ target: String) {
    self.init(index, target)
    isBegun = true
  }

  /// A target that failed.
  init(_ index: Int, _ target: String, failure: any Error) {
    self.init(index, target)
    self.failure = ExitStatus(failure)
    reason = "\(failure)"
    if case PredictionError.busy = failure { isBusy = true }
  }

  /// The outcomes that one process saw, as text for the others.
  static func document(_ outcomes: [TargetOutcome]) throws -> String {
    String(decoding: try JSONEncoder().encode(outcomes), as: UTF8.self)
  }

  /// The outcomes that all processes saw, in the order of the targets.
  static func merge(_ documents: [String]) throws -> [TargetOutcome] {
    try documents.filter { !$0.isEmpty }.flatMap {
      try JSONDecoder().decode([TargetOutcome].self, from: Data($0.utf8))
    }.sorted { $0.index < $1.index }
  }

  /// Names of the columns of `summary.tsv`.
  static let columns = [
    "target", "state", "residues", "msa_rows", "neff", "best_model", "plddt", "ptm", "seconds",
    "reason", "peak_bytes",
  ]

  /// The row of `summary.tsv`, `-` for missing values.
  ///
  /// - Parameter earlier: the target's row of an earlier run; values known only to the run that predicted the target are taken from
  ///   it.
  func row(after earlier: [String]? = nil) -> [String] {
    func text(_ value: Double?, _ digits: Int) -> String {
      value.map { fixed($0, decimals: digits) } ?? "-"
    }
    let isFinishedBefore = failure == nil && seconds == nil && !isBegun
    let state =
      failure != nil
      ? "failed" : isBegun ? "begun" : isFinishedBefore ? "finished before" : "predicted"
    let reason = self.reason.map { $0.replacing("\t", with: " ").replacing("\n", with: " ") }
    var row = [
      target, state, residues.map { "\($0)" } ?? "-", rows.map { "\($0)" } ?? "-", text(neff, 1),
      best?.model ?? "-", text(best?.plddt, 2), text(best?.ptm, 3), text(seconds, 1),
      reason ?? "-", peakBytes.map { "\($0)" } ?? "-",
    ]
    if isFinishedBefore, let earlier, earlier.count == row.count {
      for column in row.indices
      where ["neff", "seconds", "peak_bytes"].contains(Self.columns[column]) && row[column] == "-" {
        row[column] = earlier[column]
      }
    }
    return row
  }
}
