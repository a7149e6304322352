import FeaturePipeline

/// One protein to predict, or why it cannot be.
public struct PredictionTarget: Sendable {
  /// Name, safe as a folder name and unique in the run.
  public let id: String
  /// What is known before drawing; the error that ends this target otherwise.
  public let features: Result<RawFeatures, any Error>
  /// Things to tell the user before work starts.
  public let warnings: [String]
}

extension PredictionTarget {
  /// The targets of a run: FASTA records with their alignments, then those of feature files.
  public static func collect(
    fasta: String?, alignments: [String], features: [String]
  ) throws -> [PredictionTarget] {
    var targets: [PredictionTarget] = []
    var taken: Set<String> = []
    func add(_ name: String, _ result: Result<RawFeatures, any Error>, _ warnings: [String]) {
      let id = TargetName.unique(name, among: taken)
      taken.insert(id)
      let renamed = result.map { raw in
        var raw = raw
        raw.id = id
        return raw
      }
      let notes = id == name ? [] : ["the name '\(name)' is taken; this one is called '\(id)'"]
      targets.append(PredictionTarget(id: id, features: renamed, warnings: warnings + notes))
    }
    if let fasta {
      let preparation = try TargetPreparation(fasta: fasta, alignments: alignments)
      for index in 0..<preparation.count {
        let outcome = preparation.outcome(index)
        add(outcome.id, outcome.features.mapError { $0 }, outcome.warnings)
      }
    }
    for path in features {
      let file = try FeatureFile.open(path: path)
      for id in file.ids { add(id, Result { try file.features(of: id) }, []) }
    }
    return targets
  }
}
