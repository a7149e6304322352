import FeaturePipeline
import FoldingCore
import FoldingModel
import NumericArrays
import TensorCore
import Weights

/// One network with one seed, configured by the options.
struct PredictionRun {
  let model: ModelDescription
  /// The network's configuration with the options applied.
  let config: FoldingConfig
  let name: String
  let seed: UInt64
  let recycles: Int
  /// Sizes of the parameters.
  let footprint: ParameterFootprint

  init(_ model: ModelDescription, seedIndex: Int, _ options: PredictionOptions) {
    var config = model.config
    if let limits = options.maxMSA {
      config.sampling.maxClusters = limits.clusters
      config.sampling.maxExtraRows = limits.extra
    }
    if let ensembles = options.ensembles { config.ensembles = ensembles }
    self.model = model
    self.config = config
    self.seed = options.seed &+ UInt64(seedIndex)
    // Named by the seed itself, so that runs with other seeds add their files and replace none.
    self.name = seed > 0 ? "\(model.name)_pred_\(seed)" : model.name
    self.recycles = options.recycles ?? config.recycles
    // Other programs keep blocks of a stack apart or matrices turned round, which takes a copy.
    let format = (model.parameters as? ParameterFile)?.format
    self.footprint = ParameterFootprint(
      model.parameters, readBytes: [.helixFold, .openFold].contains(format) ? 8 : 4)
  }

  /// Name of the file that keeps the run between passes.
  var stateFile: String { "state_\(name).npz" }

  /// Number of operations of all passes with all their draws.
  func operations(_ target: FeatureCounts) -> Double {
    CostModel(config, size(target)).pass * Double((recycles + 1) * max(1, config.ensembles))
  }

  /// The sizes that the draws will have.
  func size(_ target: FeatureCounts) -> ProblemSize {
    config.problemSize(
      residues: target.residues, rows: target.rows, templates: target.templates)
  }

  /// The memory plan of the run on a target.
  ///
  /// - Parameters:
  ///   - complete: the features before rows were left out; nil if none were.
  ///   - held: bytes that are in memory besides.
  ///   - isShared: whether processes share the operations.
  func plan(
    _ target: FeatureCounts, choosingFrom complete: DeferredFeatures? = nil,
    _ options: PredictionOptions, holding held: Int = 0, isShared: Bool = false,
    limit: MemoryLimit
  ) -> MemoryPlan {
    var demand = demand(size(target), alignmentBytes: target.alignmentBytes, options)
    demand.completeBytes = complete?.counts.alignmentBytes ?? 0
    demand.holdsComplete = complete?.isInMemory ?? false
    demand.otherBytes += held
    demand.isShared = isShared
    return MemoryPlan.fitting(demand, pairFormat: options.pairFormat, limit: limit.bytes)
  }

  /// What determines the memory of a pass of the run.
  func demand(
    _ size: ProblemSize, alignmentBytes: Int, _ options: PredictionOptions
  ) -> PassDemand {
    var demand = PassDemand(
      config, size, parameters: footprint, storage: options.storage, threads: options.threads)
    demand.ensembles = config.ensembles
    demand.alignmentBytes = alignmentBytes
    demand.savesPasses = true
    demand.otherBytes = MemoryPlan.textBytes
    demand.rawBytes = rawBytes(size.residues, options)
    return demand
  }

  /// Bytes of the logits and representations that are written, if they are.
  func rawBytes(_ residues: Int, _ options: PredictionOptions) -> Int {
    options.savesRaw ? RecyclingInference.rawOutputBytes(config, residues: residues) : 0
  }

  /// The passes of the run on a target by its network.
  func recycling(
    _ raw: RawFeatures, _ network: FoldingNetwork, _ options: PredictionOptions
  ) -> RecyclingInference {
    RecyclingInference(
      network, SampledFeatures(raw, config: config, seed: seed), recycles: recycles,
      tolerance: options.earlyStopTolerance, ensembles: config.ensembles,
      dropoutKey: options.usesDropout ? RandomKey(seed: seed).child("dropout") : nil)
  }

  /// How a result of the run on a target is made.
  ///
  /// - Parameter gathered: what was searched, and how many rows were kept at most, which only documents it: the features decide.
  func provenance(
    of raw: RawFeatures, _ options: PredictionOptions, _ gathered: GatheredEvidence? = nil
  ) -> PredictionProvenance {
    PredictionProvenance(self, of: raw, options, gathered)
  }
}
