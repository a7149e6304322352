import AtomicFiles
import Foundation

/// What became of a target: a row of `summary.tsv`, and a member of `failures.json` if it failed.
struct TargetOutcome: Codable, Hashable, Sendable {
  /// Best network and what it says.
  struct Best: Codable, Hashable, Sendable {
    let model: String
    /// Mean pLDDT, 0 … 100.
    let plddt: Double
    /// Predicted TM-score, 0 … 1; nil if the network does not predict it.
    let ptm: Double?
  }

  /// Place of the target in the run.
  let index: Int
  let target: String
  var residues: Int?
  var rows: Int?
  /// Effective number of alignment rows.
  var neff: Double?
  var best: Best?
  /// Seconds of this run; nil where an earlier run had finished the target.
  var seconds: Double?
  /// Exit status of the failure; nil if there is none.
  private var code: Int32?
  /// Why the target failed.
  private(set) var reason: String?

  init(_ index: Int, _ target: String) { (self.index, self.target) = (index, target) }

  /// A target that failed.
  init(_ index: Int, _ target: String, failure: any Error) {
    self.init(index, target)
    code = ExitStatus(failure).rawValue
    reason = "\(failure)"
  }

  /// Status of the failure; nil if there is none.
  var failure: ExitStatus? { code.map { ExitStatus(rawValue: $0) ?? .internalError } }

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

  /// `summary.tsv`: a row per target, `-` where there is nothing to say.
  static func table(_ outcomes: [TargetOutcome]) -> String {
    let header = [
      "target", "state", "residues", "msa_rows", "neff", "best_model", "plddt", "ptm", "seconds",
      "reason",
    ]
    func text(_ value: Double?, _ digits: Int) -> String {
      value.map { String(format: "%.\(digits)f", $0) } ?? "-"
    }
    let rows = outcomes.map { outcome in
      let state =
        outcome.failure != nil ? "failed" : outcome.seconds == nil ? "finished before" : "predicted"
      let reason = outcome.reason.map {
        $0.replacing("\t", with: " ").replacing("\n", with: " ")
      }
      return [
        outcome.target, state, outcome.residues.map { "\($0)" } ?? "-",
        outcome.rows.map { "\($0)" } ?? "-", text(outcome.neff, 1), outcome.best?.model ?? "-",
        text(outcome.best?.plddt, 2), text(outcome.best?.ptm, 3), text(outcome.seconds, 1),
        reason ?? "-",
      ]
    }
    return ([header] + rows).map { $0.joined(separator: "\t") }.joined(separator: "\n") + "\n"
  }
}

extension TargetOutcome.Best {
  /// The best of the results.
  init?(_ results: [ModelResult]) {
    guard let first = ModelResult.ranked(results).first else { return nil }
    model = first.name
    plddt = Double(first.prediction.meanPLDDT)
    ptm = first.prediction.ptm.map { Double($0) }
  }

  /// The best of a target that an earlier run finished, from its `ranking_debug.json`.
  init?(ranking path: String) {
    struct Ranking: Decodable {
      let plddts: [String: Double]
      let order: [String]
      let ptms: [String: Double]?
    }
    guard let data = FileManager.default.contents(atPath: path),
      let ranking = try? JSONDecoder().decode(Ranking.self, from: data),
      let first = ranking.order.first, let score = ranking.plddts[first]
    else { return nil }
    (model, plddt, ptm) = (first, score, ranking.ptms?[first])
  }
}

extension FoldingPipeline {
  /// Writes `summary.tsv`, and `failures.json` if there are failures.
  func write(_ outcomes: [TargetOutcome]) throws {
    if options.isDryRun || !queue.isFirst { return }
    try AtomicFile.createFolder(options.output)
    try AtomicFile.write(TargetOutcome.table(outcomes), to: options.output + "/summary.tsv")
    let path = options.output + "/failures.json"
    let failures = outcomes.compactMap { outcome in
      outcome.failure.map { status in
        JSONValue.object([
          ("target", .string(outcome.target)), ("status", .integer(Int(status.rawValue))),
          ("reason", .string(outcome.reason ?? "")),
        ])
      }
    }
    if failures.isEmpty {
      try? FileManager.default.removeItem(atPath: path)
    } else {
      try AtomicFile.write(JSONValue.array(failures).pretty() + "\n", to: path)
    }
  }
}
