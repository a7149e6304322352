import FeaturePipeline

/// Results of earlier runs in a target's folder, sorted by how this run treats them.
struct EarlierResults {
  /// Finished results that this run would compute, by name.
  private(set) var kept: [String: StoredResult] = [:]
  /// Names of those that were computed with another version, instruction set or matrix library.
  private(set) var keptOfOthers: [String] = []
  /// Results of other networks or seeds for the same sequence.
  private(set) var others: [StoredResult] = []
  /// Names of results for another or an unknown sequence.
  private(set) var unrelated: [String] = []
  /// Names of results that this run replaces, since they come from other inputs, options or weights.
  private(set) var replaced: [String] = []
  /// Those of `replaced` that no stopped run was about to replace, with what they were made from.
  private(set) var differing: [(name: String, origin: PredictionOrigin)] = []
  /// Names of results that this run replaces, since their files are missing or have changed.
  private(set) var damaged: [String] = []
  /// Fingerprints of all results, by name.
  private(set) var fingerprints: [String: PredictionFingerprint] = [:]
  /// Passes that stopped runs of what this run asks for have made, by name; their structures are still right.
  private(set) var passes: [String: Int] = [:]

  /// Sorts the results in a folder.
  ///
  /// - Parameter runs: the runs to compute. A result with a saved state is unfinished, because its run was stopped, unless all
  ///   results are done: the state then belongs to a run that would have replaced them.
  init(
    in folder: PredictionFolder, of raw: RawFeatures,
    _ runs: [(run: PredictionRun, fingerprint: PredictionFingerprint)]
  ) {
    let asked = Dictionary(runs.map { ($0.run.name, $0) }) { first, _ in first }
    let isFinished = folder.has(PredictionFolder.lastFile)
    let saved = runs.map { run, fingerprint in
      RecyclingStateFile(
        folder: folder, name: run.stateFile, fingerprint: fingerprint.bits,
        residues: raw.residueCount, config: run.config
      ).passes
    }
    // A stopped run of what is requested now was already replacing results of another calculation.
    let isReplacing = saved.contains { $0 > 0 }
    for name in folder.storedNames {
      let result = StoredResult(name, in: folder, expecting: asked[name]?.fingerprint)
      fingerprints[name] = result.fingerprint
      if let (run, fingerprint) = asked[name] {
        if !result.fingerprint.isOfSameCalculation(as: fingerprint) {
          replaced.append(name)
          if !isReplacing { differing.append((name, result.origin)) }
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
    for ((run, fingerprint), count) in zip(runs, saved) where kept[run.name] == nil {
      // The structures beside another result are of its passes.
      if let found = fingerprints[run.name], found.bits != fingerprint.bits { continue }
      passes[run.name] = count
    }
  }

  /// Names of all results that `--resume` keeps.
  var names: [String] { (kept.keys + others.map(\.name) + unrelated).sorted() }
}
