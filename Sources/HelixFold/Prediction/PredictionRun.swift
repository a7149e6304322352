import FeaturePipeline
import FoldingCore
import FoldingModel
import NumericArrays
import TensorCore

/// One network with one seed, as the options want it.
struct PredictionRun {
  let model: ModelDescription
  /// The network's configuration with the options applied.
  let config: FoldingConfig
  let name: String
  let seed: UInt64
  let recycles: Int

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
    // The first seed has the plain name, so that it keeps its files when others are added.
    self.name = seedIndex > 0 ? "\(model.name)_pred_\(seedIndex)" : model.name
    self.recycles = options.recycles ?? config.recycles
  }

  /// Name of the file that keeps the run between passes.
  var stateFile: String { "state_\(name).npz" }

  /// Sizes of the parameters.
  var footprint: ParameterFootprint { ParameterFootprint(model.parameters) }

  /// Operations of all passes with all their draws.
  func operations(_ target: FeatureCounts) -> Double {
    CostModel(config, size(target)).pass * Double((recycles + 1) * max(1, config.ensembles))
  }

  /// The sizes that the draws will have.
  func size(_ target: FeatureCounts) -> ProblemSize {
    let reserved = config.template?.embedsTorsions == true ? config.sampling.maxTemplates : 0
    let clusters = min(max(1, config.sampling.maxClusters - reserved), target.rows)
    return ProblemSize(
      residues: target.residues, clusters: clusters,
      extraRows: min(config.sampling.maxExtraRows, target.rows - clusters),
      templates: config.template == nil ? 0 : min(config.sampling.maxTemplates, target.templates))
  }

  /// The memory plan of the run on a target.
  ///
  /// - Parameter isShared: whether processes share the operations.
  func plan(
    _ target: FeatureCounts, _ options: PredictionOptions, isShared: Bool = false,
    limit: MemoryLimit
  ) -> MemoryPlan {
    MemoryPlan.fitting(
      config, size(target), parameters: footprint, storage: options.storage,
      threads: options.threads,
      ensembles: config.ensembles, pairFormat: options.pairFormat, isShared: isShared,
      alignment: target.alignmentBytes, savesPasses: true,
      besides: MemoryPlan.textBytes + rawBytes(target.residues, options), limit: limit.bytes)
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
      tolerance: options.earlyStopTolerance, ensembles: config.ensembles)
  }

  func provenance(of raw: RawFeatures, _ options: PredictionOptions) -> PredictionProvenance {
    PredictionProvenance(
      target: raw, model: model, options: options, config: config, seed: seed, recycles: recycles)
  }
}
