import FoldingModel

/// One network with one seed predicting one target, between two passes.
final class PredictionJob {
  let work: TargetWork
  let run: PredictionRun
  let plan: MemoryPlan
  let recycling: RecyclingInference
  let provenance: PredictionProvenance
  let saved: RecyclingStateFile
  var state: RecyclingState?
  var meter: PassMeter

  init(
    _ work: TargetWork, _ run: PredictionRun, _ plan: MemoryPlan, _ recycling: RecyclingInference,
    _ provenance: PredictionProvenance, _ saved: RecyclingStateFile, _ state: RecyclingState?
  ) {
    (self.work, self.run, self.plan) = (work, run, plan)
    (self.recycling, self.provenance) = (recycling, provenance)
    (self.saved, self.state) = (saved, state)
    meter = PassMeter(
      CostModel(run.config, run.size(work.raw.counts)), passes: run.recycles + 1,
      ensembles: run.config.ensembles, done: state?.history.count ?? 0)
  }

  /// Whether passes are left.
  var isOpen: Bool { work.isOpen && state?.isFinished != true }
}
