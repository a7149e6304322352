import AtomicFiles
import FeaturePipeline
import Messages
import Protein

/// One protein to predict, or why it cannot be.
public struct PredictionTarget: Sendable {
  /// Name, safe as a folder name and unique in the run.
  public let id: String
  /// What is known before drawing; the error that ends this target otherwise.
  public let features: Result<DeferredFeatures, any Error>
  /// Things to tell the user before work starts.
  public let warnings: [String]
  /// How ambiguous files were understood, to tell the user as well.
  public var notes: [String] = []
  /// What searches and templates added; nil if there were none.
  public var gathered: GatheredEvidence?

  /// Whether it can be predicted, as far as is known.
  public var isUsable: Bool { (try? features.get()) != nil }

  /// A target whose features wait in a spill; in memory without one.
  init(
    id: String, features: Result<RawFeatures, any Error>, warnings: [String],
    gathered: GatheredEvidence? = nil, spill: FeatureSpill = FeatureSpill(folder: nil)
  ) {
    self.id = id
    self.features = features.flatMap { raw in
      raw.aatype.allSatisfy { $0 >= AminoAcid.unknown.rawValue }
        ? .failure(
          InputError.content(
            file: id,
            problem: (raw.residueCount == 1
              ? "its only residue is unknown (X)"
              : "all \(raw.residueCount) residues are unknown (X)")
              + ", so there is nothing to predict"
          ))
        : .success(spill.keep(raw))
    }
    self.warnings = warnings
    self.gathered = gathered
  }
}

extension PredictionTarget {
  /// The targets of a run: FASTA records with their alignments, then those of feature files; folders stand for the files in them.
  ///
  /// Features whose sequence is that of a record without alignment belong to that record and are not a target of their own.
  ///
  /// - Parameter spill: where features wait; thousands of them may not fit into memory.
  public static func collect(
    fasta: [String], alignments: [String], features: [String],
    collector: EvidenceCollector? = nil, spill: FeatureSpill = FeatureSpill(folder: nil)
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
      targets.append(
        try collector?.completing(id, renamed, warnings + notes, spill)
          ?? PredictionTarget(id: id, features: renamed, warnings: warnings + notes, spill: spill))
    }
    let features = try features.flatMap { path in
      if PathKind(of: path) == .folder { return try InputFolder.features(in: path) }
      try FeatureFile.requireKind(of: path)
      return [path]
    }
    var ofRecords = FeaturesOfRecords()
    if !fasta.isEmpty {
      let preparation = try TargetPreparation(inputs: fasta, alignments: alignments)
      try collector?.requireStarts(hasAlignments: preparation.hasAlignments)
      if features.isEmpty { try collector?.requireHits(of: preparation.ids) }
      ofRecords.find(in: features)
      for (index, name) in preparation.ids.enumerated() {
        if let (found, warnings) = ofRecords.take(index, of: preparation) {
          try add(name, found, warnings)
        } else if let collector {
          let id = taken.claim(name)
          targets.append(try collector.target(id, preparation.parts(index), spill))
        } else {
          let outcome = preparation.outcome(index)
          try add(name, outcome.features.mapError { $0 }, outcome.warnings)
        }
        targets[targets.count - 1].notes = preparation.notes(index)
      }
    }
    for path in features {
      let file: FeatureFile
      do {
        file = try FeatureFile.open(path: path)
      } catch {
        if features.count == 1 { throw error }
        // A failed file among several is one failed target, named after AlphaFold2's folder if the file has no name of its own.
        try add(TargetName.ofFile(path), .failure(error), [])
        continue
      }
      for id in file.ids where !ofRecords.taken.contains(.init(path: path, id: id)) {
        try add(id, Result { try file.features(of: id) }, [])
      }
    }
    return targets
  }
}

/// Features in files that belong to records of FASTA files: those of the same sequence.
private struct FeaturesOfRecords {
  /// A target in a feature file.
  struct Place: Hashable {
    let path: String
    let id: String
  }

  private var places: [String: Place] = [:]
  /// Targets that belong to records.
  private(set) var taken: Set<Place> = []

  /// Looks at the sequences in feature files; unreadable files are reported when they are read as targets.
  mutating func find(in paths: [String]) {
    for path in paths {
      guard let file = try? FeatureFile.open(path: path) else { continue }
      for id in file.ids {
        guard let raw = try? file.features(of: id) else { continue }
        places[raw.sequence] = places[raw.sequence] ?? Place(path: path, id: id)
      }
    }
  }

  /// Features for a record without alignment, with remarks about them; nil if there are none with its sequence.
  mutating func take(
    _ index: Int, of preparation: TargetPreparation
  ) -> (features: Result<RawFeatures, any Error>, warnings: [String])? {
    if places.isEmpty { return nil }
    let parts = preparation.parts(index)
    guard let (sequence, alignments) = try? parts.evidence.get(), alignments.isEmpty,
      let place = places[sequence.letters]
    else { return nil }
    taken.insert(place)
    let features = Result {
      var raw = try FeatureFile.open(path: place.path).features(of: place.id)
      if !parts.header.isEmpty { raw.header = parts.header }
      return raw
    }
    return (features, parts.warnings)
  }
}
