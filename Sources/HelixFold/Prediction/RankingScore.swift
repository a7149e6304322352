import Foundation

/// The scores that rank a prediction among those of its target.
struct RankingScore: Codable, Hashable, Sendable {
  /// Name of network and seed in file names, such as `model_1_ptm`.
  let model: String
  /// Mean pLDDT, 0 … 100.
  let plddt: Double
  /// Predicted TM-score, 0 … 1; nil if the network does not predict it.
  let ptm: Double?

  /// Whether this one is better: a higher mean pLDDT or, if equal, the earlier name.
  func isBefore(_ other: RankingScore) -> Bool {
    (other.plddt, model) < (plddt, other.model)
  }

  /// Sorts the best first.
  static func ranked(_ scores: [RankingScore]) -> [RankingScore] {
    scores.sorted { $0.isBefore($1) }
  }
}

extension RankingScore {
  /// The best of a target that an earlier run finished, from its `ranking_debug.json`.
  init?(bestOf path: String) {
    struct Ranking: Decodable {
      let plddts: [String: Double]
      let order: [String]
      let ptms: [String: Double]?
    }
    guard let data = FileManager.default.contents(atPath: path),
      let ranking = try? JSONDecoder().decode(Ranking.self, from: data),
      let first = ranking.order.first, let plddt = ranking.plddts[first]
    else { return nil }
    self.init(model: first, plddt: plddt, ptm: ranking.ptms?[first])
  }
}
