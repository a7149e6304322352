import Foundation

/// Why a target was not predicted.
struct TargetFailure: Codable {
  /// Place of the target in the run.
  let index: Int
  let target: String
  let code: Int32
  let reason: String

  init(_ index: Int, _ target: String, _ status: ExitStatus, _ reason: String) {
    (self.index, self.target, self.code, self.reason) = (index, target, status.rawValue, reason)
  }

  var status: ExitStatus { ExitStatus(rawValue: code) ?? .internalError }

  /// The failures of one process as text for the others.
  static func document(_ failures: [TargetFailure]) throws -> String {
    String(decoding: try JSONEncoder().encode(failures), as: UTF8.self)
  }

  /// The failures of all processes, in the order of the targets.
  static func merge(_ documents: [String]) throws -> [TargetFailure] {
    try documents.filter { !$0.isEmpty }.flatMap {
      try JSONDecoder().decode([TargetFailure].self, from: Data($0.utf8))
    }.sorted { $0.index < $1.index }
  }
}
