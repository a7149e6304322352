import FeaturePipeline
import NumericArrays
import Reports

/// How a run treats the results that earlier runs left for a target.
extension FoldingPipeline {
  /// Reports what this run replaces or keeps.
  func sayEarlier(_ work: TargetWork) {
    for line in lines(about: work.earlier) { reporter.note("\(work.raw.id): \(line)") }
  }

  /// Prepares the folder for this run's files, once: removes what they replace, and writes what is known before the network runs.
  ///
  /// If that removes results, it waits until there are new ones, so that a run stopped before then leaves the earlier ones.
  func makeRoom(_ work: TargetWork) throws {
    if work.hasRoom { return }
    try clear(work)
    let started = ContinuousClock.now
    try work.folder.keep("features.h5") {
      try FeatureStore.write([work.gathered.record(of: work.raw)], to: $0)
    }
    let complete = try work.gathered?.complete.map { MSAStatistics(try $0.load().msa) }
    try reportAlignment(complete ?? work.statistics, of: work.raw, work.folder)
    work.timings.append(("features", (ContinuousClock.now - started).seconds))
    writeRow(of: TargetOutcome(begun: work.index, work.raw.id))
    work.hasRoom = true
  }

  /// Removes what this run replaces.
  private func clear(_ work: TargetWork) throws {
    if !options.resumes {
      try work.folder.begin(replacing: nil)
    } else {
      try work.folder.begin(
        replacing: work.runs.map(\.name).filter { work.kept[$0] == nil },
        goingOnAfter: work.earlier.passes)
    }
    // The evidence for an earlier result stays beside it.
    if !options.resumes || work.earlier.names.isEmpty {
      work.folder.removeEvidence(
        besides: work.gathered?.files ?? [], inputs: options.inputs)
    }
  }

  /// One line for each kind of results found.
  private func lines(about earlier: EarlierResults) -> [String] {
    if !options.resumes {
      let names = earlier.names.joined(separator: ", ")
      let replaced = (earlier.replaced + earlier.damaged).joined(separator: ", ")
      let moment = "as soon as there are new ones"
      return
        (names.isEmpty
        ? [] : ["replaces the results of \(names) \(moment); --resume keeps them"])
        + (replaced.isEmpty ? [] : ["replaces the results of \(replaced) \(moment)"])
    }
    let kinds: [(names: [String], line: String)] = [
      (
        earlier.replaced,
        "replaced as soon as there are new ones, since inputs, options or weights differ: "
      ),
      (earlier.damaged, "computed again, files being missing or changed: "),
      (
        earlier.kept.keys.filter { !earlier.keptOfOthers.contains($0) }.sorted(),
        "computed before and kept: "
      ),
      (
        earlier.keptOfOthers,
        "computed before by \(Self.otherArithmetic), and kept: "
      ),
      (earlier.others.map(\.name), "ranked with the results of earlier runs: "),
      (
        earlier.unrelated,
        "left alone and not ranked, being damaged, of another sequence or not saying of which: "
      ),
    ]
    return kinds.filter { !$0.names.isEmpty }.map {
      $0.line + $0.names.joined(separator: ", ")
    }
  }

  private static let otherArithmetic = "another version, --isa or --gemm"

  /// The line for a target that is already finished, with the flags that have no effect on it.
  func finishedLine(of work: TargetWork) -> String {
    let others = work.earlier.keptOfOthers.isEmpty ? "" : " by \(Self.otherArithmetic)"
    let line = "finished before\(others), nothing to do"
    let runs = work.runs.filter { work.kept[$0.name] != nil }
    var flags: [String] = []
    if options.savesRecycles,
      !runs.allSatisfy({ work.folder.has("unrelaxed_\($0.name)_r0.cif") })
    {
      flags.append("--save-recycles")
    }
    if options.savesRaw, !runs.allSatisfy({ work.folder.has("result_\($0.name).npz") }) {
      flags.append("--save-raw")
    }
    if flags.isEmpty { return line }
    let verb = flags.count > 1 ? "do" : "does"
    return
      "\(line); \(flags.joined(separator: ", ")) \(verb) nothing for it unless it is predicted again, without --resume"
  }
}
