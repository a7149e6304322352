import AtomicFiles
import FeaturePipeline
import FoldingCore
import FoldingModel
import Reports

/// One target on its way through a run: what was prepared, and the results so far.
final class TargetWork {
  /// Place of the target in the run.
  let index: Int
  let raw: RawFeatures
  let gathered: GatheredEvidence?
  let folder: PredictionFolder
  let runs: [PredictionRun]
  /// Results of earlier runs in the folder.
  let earlier: EarlierResults
  /// Whether this run uses those that it would compute.
  let resumes: Bool
  /// Keeps other processes out of the folder.
  private let lock: FolderLock?
  /// Plans of the runs by index; none if nothing is left to do.
  var plans: [Int: MemoryPlan] = [:]
  /// Statistics of the alignment that the networks see.
  lazy var statistics = MSAStatistics(raw.msa)
  var timings: [(name: String, value: Double)]
  /// Results of this run, best first; only the best keeps its per-pair arrays, which the report draws.
  private(set) var results: [ModelResult] = []
  /// Whether replaced results have been removed, so that files can be written.
  var hasRoom = false
  /// Whether all results were in the folder before.
  var isFinished = false
  var hasFailed = false
  /// Whether a prediction is good enough that the remaining runs are skipped.
  var hasEnough = false
  /// Cautions about the target from before the networks ran, for its report.
  var cautions: [String] = []
  /// Formats in which drawings are also written as files.
  let plots: [PlotFormat]

  init(
    _ index: Int, _ raw: RawFeatures, _ gathered: GatheredEvidence?, _ folder: PredictionFolder,
    _ runs: [PredictionRun], earlier: EarlierResults, _ options: PredictionOptions,
    lock: FolderLock?
  ) {
    (self.index, self.raw, self.gathered) = (index, raw, gathered)
    (self.folder, self.runs) = (folder, runs)
    (self.earlier, self.resumes, self.lock) = (earlier, options.resumes, lock)
    plots = options.plots.map { [$0] } ?? (resumes ? folder.plotFormats : [])
    timings = gathered?.stages ?? []
  }

  /// Results of earlier runs that this one need not compute, by name.
  var kept: [String: StoredResult] { resumes ? earlier.kept : [:] }

  /// Whether this run replaces results of earlier ones that could still be used.
  var losesResults: Bool {
    resumes ? !earlier.replaced.isEmpty : !earlier.fingerprints.isEmpty
  }

  /// Results of earlier runs that are ranked with those of this one.
  var others: [StoredResult] { resumes ? earlier.others : [] }

  /// Adds a result.
  func add(_ result: ModelResult) {
    results = ModelResult.ranked(results + [result])
    for index in results.indices.dropFirst() { results[index] = results[index].withoutPairs }
  }

  /// The results that this run need not compute, read from their files; damaged ones are skipped.
  var keptResults: [ModelResult] {
    guard folder.isKept else { return [] }
    let shown = results.map(\.score) + kept.values.compactMap(\.score)
    let best = RankingScore.ranked(shown).first?.model
    return runs.compactMap { run in
      kept[run.name]?.result(
        in: folder, residues: raw.residueCount, withPairs: run.name == best)
    }
  }

  /// All scores to rank.
  var scores: [RankingScore] {
    results.map(\.score) + (Array(kept.values) + others).compactMap(\.score)
  }

  /// Whether networks still have to run.
  var isOpen: Bool { !isFinished && !hasFailed }

  /// The files that people look at.
  var files: [String] { [folder.bestStructure, folder.file("report.html")] }
}
