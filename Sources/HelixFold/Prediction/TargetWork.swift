import AtomicFiles
import FeaturePipeline
import FoldingCore
import FoldingModel
import Reports

/// One target on its way through a run: what was prepared, and what the networks have said so far.
final class TargetWork {
  /// Place of the target in the run.
  let index: Int
  let raw: RawFeatures
  let gathered: GatheredEvidence?
  let folder: PredictionFolder
  let runs: [PredictionRun]
  /// What earlier runs left in the folder.
  let earlier: EarlierResults
  /// Whether what they left and this run asks for is used.
  let resumes: Bool
  /// Keeps other processes out of the folder.
  private let lock: FolderLock?
  /// Plans of the runs by their place; none where nothing is left to do.
  var plans: [Int: MemoryPlan] = [:]
  /// What the alignment that the networks see holds.
  lazy var statistics = MSAStatistics(raw.msa)
  var timings: [(name: String, value: Double)]
  /// What this run has computed; what is said of pairs of residues only of the best, of which it is drawn.
  private(set) var results: [ModelResult] = []
  /// What this run replaces is gone, and its files can be written.
  var hasRoom = false
  /// All results stood in the folder before.
  var isFinished = false
  var hasFailed = false
  /// A prediction is so good that the runs that are left are left out.
  var hasEnough = false
  /// What was said of the target before the networks ran, for those who read its page.
  var cautions: [String] = []
  /// In which formats the drawings are files too.
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

  /// Results of earlier runs that this one asks for and need not compute, by name.
  var kept: [String: StoredResult] { resumes ? earlier.kept : [:] }

  /// Whether this run replaces results of earlier ones that could still be used.
  var losesResults: Bool {
    resumes ? !earlier.replaced.isEmpty : !earlier.fingerprints.isEmpty
  }

  /// Results of earlier runs that are ranked with those of this one.
  var others: [StoredResult] { resumes ? earlier.others : [] }

  /// Adds what a network says.
  func add(_ result: ModelResult) {
    results = ModelResult.ranked(results + [result])
    for index in results.indices.dropFirst() { results[index] = results[index].withoutPairs }
  }

  /// The results that this run need not compute, as their files tell them; those whose files are damaged are left out.
  var keptResults: [ModelResult] {
    guard folder.isKept else { return [] }
    let shown = results.map(\.score) + kept.values.compactMap(\.score)
    let best = RankingScore.ranked(shown).first?.model
    return runs.compactMap { run in
      kept[run.name]?.result(
        in: folder, residues: raw.residueCount, withPairs: run.name == best)
    }
  }

  /// Everything that is ranked.
  var scores: [RankingScore] {
    results.map(\.score) + (Array(kept.values) + others).compactMap(\.score)
  }

  /// Whether networks still have to run.
  var isOpen: Bool { !isFinished && !hasFailed }

  /// The files that people look at.
  var files: [String] { [folder.bestStructure, folder.file("report.html")] }
}
