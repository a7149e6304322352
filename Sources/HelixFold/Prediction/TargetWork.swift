import FeaturePipeline
import FoldingCore
import FoldingModel
import Foundation

/// One target on its way through a run: what was prepared, and what the networks have said so far.
final class TargetWork {
  /// Place of the target in the run.
  let index: Int
  let raw: RawFeatures
  let gathered: GatheredEvidence?
  let folder: PredictionFolder
  let runs: [PredictionRun]
  /// One plan per run; none where nothing is left to do.
  var plans: [MemoryPlan] = []
  /// What the alignment that the networks see holds.
  lazy var statistics = MSAStatistics(raw.msa)
  var timings: [(name: String, value: Double)]
  var results: [ModelResult] = []
  /// All results stood in the folder before.
  var isFinished = false
  var hasFailed = false

  init(
    _ index: Int, _ raw: RawFeatures, _ gathered: GatheredEvidence?, _ folder: PredictionFolder,
    _ runs: [PredictionRun]
  ) {
    (self.index, self.raw, self.gathered) = (index, raw, gathered)
    (self.folder, self.runs) = (folder, runs)
    timings = gathered?.stages ?? []
  }

  /// Whether networks still have to run.
  var isOpen: Bool { !isFinished && !hasFailed }

  /// The files that people look at.
  var files: [String] { [folder.bestStructure, folder.file("report.html")] }
}

/// One network with one seed at work on one target, between two passes.
final class ModelRun {
  let work: TargetWork
  let run: PredictionRun
  let plan: MemoryPlan
  let recycling: RecyclingInference
  let provenance: PredictionProvenance
  let saved: PredictionState
  var state: RecyclingState?
  var meter: PassMeter

  init(
    _ work: TargetWork, _ number: Int, _ recycling: RecyclingInference,
    _ provenance: PredictionProvenance, _ saved: PredictionState, _ state: RecyclingState?
  ) {
    let run = work.runs[number]
    (self.work, self.run, self.plan) = (work, run, work.plans[number])
    (self.recycling, self.provenance) = (recycling, provenance)
    (self.saved, self.state) = (saved, state)
    meter = PassMeter(
      CostModel(run.config, run.size(work.raw)), passes: run.recycles + 1,
      ensembles: run.config.ensembles, done: state?.history.count ?? 0)
  }

  /// Whether passes are left.
  var isOpen: Bool { work.isOpen && state?.isFinished != true }
}
