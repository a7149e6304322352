import Evidence
import FeaturePipeline
import Foundation

/// What gathering evidence produced for one target, besides the features.
public struct GatheredEvidence: Sendable {
  /// Time of each stage, s.
  public var stages: [(name: String, value: Double)] = []
  /// What was searched how, and what was found, by name of the database.
  public var searches: [String: String] = [:]
  /// Files and folders made in the target's folder.
  public var files: Set<String> = []
  /// Whether a search failed, so that the prediction uses only what the others found.
  public var isIncomplete = false
  /// Largest number of alignment rows to keep; nil for all.
  public var rowBudget: Int?
  /// The features before rows were dropped; nil if none were.
  public var complete: DeferredFeatures?
  /// Which rows were kept, and by which rule.
  public var kept: RowSelection.Kept?

  /// No evidence.
  public init() {}
}

extension GatheredEvidence? {
  /// Features with what is known about their origin.
  func record(of raw: RawFeatures) -> TargetRecord {
    TargetRecord(
      features: raw,
      provenance: Provenance(
        created: ISO8601DateFormatter().string(from: Date()),
        program: "helixfold predict \(helixFoldVersion)", alignments: raw.sources,
        notes: self?.searches))
  }
}
