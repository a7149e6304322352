import Evidence
import FeaturePipeline
import Foundation

/// What looking for evidence brought for one target, besides the features.
public struct GatheredEvidence: Sendable {
  /// Time of each stage, s.
  public var stages: [(name: String, value: Double)] = []
  /// What was searched, by name of the database.
  public var searches: [String: String] = [:]
  /// Files and folders that were made in the target's folder.
  public var files: Set<String> = []
  /// A search failed, and the prediction uses what the others found.
  public var isIncomplete = false
  /// Alignment rows that were to be kept at most; nil if all.
  public var rowBudget: Int?
  /// The features before rows were left out; nil if none were.
  public var complete: WaitingFeatures?
  /// Which rows were kept, by which rule.
  public var kept: RowSelection.Kept?

  /// Nothing yet.
  public init() {}
}

extension GatheredEvidence? {
  /// Features with what is known of their origin.
  func record(of raw: RawFeatures) -> TargetRecord {
    TargetRecord(
      features: raw,
      provenance: Provenance(
        created: ISO8601DateFormatter().string(from: Date()),
        program: "helixfold predict \(helixFoldVersion)", alignments: raw.sources,
        notes: self?.searches))
  }
}
