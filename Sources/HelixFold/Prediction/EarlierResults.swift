import FeaturePipeline

/// What earlier runs left in a target's folder, by what this run makes of it.
struct EarlierResults {
  /// Results that this run asks for and that are done, by name.
  private(set) var kept: [String: StoredResult] = [:]
  /// Names of those among them that another version, instruction set or library of products computed.
  private(set) var keptOfOthers: [String] = []
  /// Results of other networks or seeds for the same sequence.
  private(set) var others: [StoredResult] = []
  /// Names of results that are of another sequence, or do not say of which.
  private(set) var unrelated: [String] = []
  /// Names that this run asks for, of results made from other inputs, options or weights.
  private(set) var replaced: [String] = []
  /// Names that this run asks for, of results whose files are missing or have changed.
  private(set) var damaged: [String] = []
  /// Fingerprints of all results, by name.
  private(set) var fingerprints: [String: PredictionFingerprint] = [:]

  /// Sorts what is in a folder.
  ///
  /// - Parameter runs: what this run asks for. What still has a saved state is not done, its run was stopped, unless all
  ///   was: then the state is of a run that would have replaced it.
  init(
    in folder: PredictionFolder, of raw: RawFeatures,
    _ runs: [(run: PredictionRun, fingerprint: PredictionFingerprint)]
  ) {
    let asked = Dictionary(runs.map { ($0.run.name, $0) }) { first, _ in first }
    let isFinished = folder.has(PredictionFolder.lastFile)
    for name in folder.storedNames {
      let result = StoredResult(name, in: folder, expecting: asked[name]?.fingerprint)
      fingerprints[name] = result.fingerprint
      if let (run, fingerprint) = asked[name] {
        if !result.fingerprint.isOfSameCalculation(as: fingerprint) {
          replaced.append(name)
        } else if !result.isWhole {
          damaged.append(name)
        } else if result.score != nil, isFinished || !folder.has(run.stateFile) {
          kept[name] = result
          if result.fingerprint.bits != fingerprint.bits { keptOfOthers.append(name) }
        }
      } else if result.score != nil, result.sequence == raw.sequence {
        others.append(result)
      } else {
        unrelated.append(name)
      }
    }
  }

  /// Names of all that stays with `--resume`.
  var names: [String] { (kept.keys + others.map(\.name) + unrelated).sorted() }
}
