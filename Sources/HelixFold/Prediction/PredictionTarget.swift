import FeaturePipeline
import Foundation

/// One protein to predict, or why it cannot be.
public struct PredictionTarget: Sendable {
  /// Name, safe as a folder name and unique in the run.
  public let id: String
  /// What is known before drawing; the error that ends this target otherwise.
  public let features: Result<RawFeatures, any Error>
  /// Things to tell the user before work starts.
  public let warnings: [String]
  /// What searches and templates added; nil if nothing was looked for.
  public var gathered: GatheredEvidence?
}

extension PredictionTarget {
  /// The targets of a run: FASTA records with their alignments, then those of feature files.
  public static func collect(
    fasta: String?, alignments: [String], features: [String], collector: EvidenceCollector? = nil
  ) throws -> [PredictionTarget] {
    var targets: [PredictionTarget] = []
    var taken = TargetNames()
    func add(_ name: String, _ result: Result<RawFeatures, any Error>, _ warnings: [String]) throws
    {
      let id = taken.claim(name)
      let renamed = result.map { raw in
        var raw = raw
        raw.id = id
        return raw
      }
      let notes = id == name ? [] : ["the name '\(name)' is taken; this one is called '\(id)'"]
      let target = PredictionTarget(id: id, features: renamed, warnings: warnings + notes)
      targets.append(try collector?.completing(target) ?? target)
    }
    if let fasta {
      let preparation = try TargetPreparation(fasta: fasta, alignments: alignments)
      for (index, name) in preparation.ids.enumerated() {
        if let collector {
          let id = taken.claim(name)
          targets.append(try collector.target(id, preparation.parts(index)))
        } else {
          let outcome = preparation.outcome(index)
          try add(name, outcome.features.mapError { $0 }, outcome.warnings)
        }
      }
    }
    for path in features {
      let file: FeatureFile
      do {
        file = try FeatureFile.open(path: path)
      } catch {
        if fasta == nil && features.count == 1 { throw error }
        // One of several files is one target that fails, by the name of AlphaFold2's folder where the file has none of its own.
        let url = URL(fileURLWithPath: path)
        let stem = url.deletingPathExtension().lastPathComponent
        let name = stem == "features" ? url.deletingLastPathComponent().lastPathComponent : stem
        try add(TargetName.sanitized(name), .failure(error), [])
        continue
      }
      for id in file.ids { try add(id, Result { try file.features(of: id) }, []) }
    }
    return targets
  }
}
