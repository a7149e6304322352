import FoldingCore
import Training

extension TrainingConfig {
  /// Names of the presets.
  public static let presetNames = ["initial", "finetune", "mini", "tiny"]

  /// The preset with that name.
  public static func preset(named name: String) -> TrainingConfig? {
    switch name {
    case "initial": .initial
    case "finetune": .fineTune
    case "mini": .mini
    case "tiny": .tiny
    default: nil
    }
  }

  /// A loss so many times the recent median is a spike for the large networks.
  ///
  /// Own choice: losses of sound steps stay within a small factor of each other, those of a broken sample do not.
  private static let spikeFactor = 10.0

  /// First stage of HelixFold: `model_1` with 128 alignment rows, crop 256.
  ///
  /// HelixFold `initial.json`.
  public static let initial: TrainingConfig = {
    var config = TrainingConfig()
    config.network.sampling.maxClusters = 128
    config.network.sampling.maxExtraRows = 1024
    config.optimizer.guarding.spikeFactor = spikeFactor
    return config
  }()

  /// Second stage of HelixFold: 512 alignment rows, crop 384, violations.
  ///
  /// HelixFold `finetune.json`.
  public static let fineTune: TrainingConfig = {
    var config = TrainingConfig()
    config.preset = "finetune"
    config.data.crop = 384
    config.data.shortLength = 256
    config.loss = .fineTune
    config.optimizer.schedule = .fineTune
    config.optimizer.guarding.spikeFactor = spikeFactor
    config.run.steps = 12_000
    config.validation.crop = 384
    config.validation.longest = 384
    return config
  }()

  /// A network of 0.9 million parameters for two cores: about ten samples per second and core of the Zen 5 generation.
  ///
  /// Own choice. Torsions of the backbone are the signal that a small network learns from first, so they have their own loss; smooth lDDT
  /// measures the quality that counts in the end. No templates, recycling, recomputation and block deletion; initial values that attend
  /// along the chain; short crops.
  public static let mini: TrainingConfig = {
    var config = TrainingConfig()
    config.preset = "mini"
    config.network = .mini
    config.data.crop = 48
    config.data.shortLength = 48
    config.data.longLength = 96
    config.data.maximumResolution = 3.5
    config.data.deletesBlocks = false
    config.data.recycleWeights = [1]
    config.loss.structure.sideChainShare = 0.1
    config.loss.structure.chi = 0.2
    config.loss.structure.backboneTorsions = 1
    config.loss.structure.smoothLDDT = 1
    config.loss.structure.angleNorm = 0.02
    config.loss.weights.structure = 0.5
    config.loss.weights.distogram = 0.5
    config.loss.weights.maskedMSA = 0.05
    config.loss.weights.alignedError = 0.01
    config.optimizer.clip = .perSample
    config.optimizer.clipNorm = 1
    config.optimizer.adam.epsilon = 1e-8
    config.optimizer.adam.beta2 = 0.99
    config.optimizer.schedule.peak = 7e-4
    config.optimizer.schedule.warmUpSteps = 50
    config.optimizer.schedule.decayFactor = 0.9
    config.optimizer.schedule.decayInterval = 1500
    config.optimizer.averageDecay = 0.99
    config.run.steps = 10_000
    config.run.batch = 4
    config.run.initialValues = .local
    config.run.recompute = false
    config.run.dropout = false
    config.run.checkpointInterval = 50
    config.run.snapshotInterval = 100
    config.run.snapshots = 20
    config.validation.interval = 300
    config.validation.targets = 40
    config.validation.longest = 96
    config.validation.crop = 128
    config.validation.recycles = 0
    return config
  }()

  /// The network of tests with small crops; learns nothing useful, runs in seconds.
  public static let tiny: TrainingConfig = {
    var config = TrainingConfig()
    config.preset = "tiny"
    config.network = .tiny
    config.data.crop = 24
    config.data.recycleWeights = [1, 1]
    config.optimizer.schedule.warmUpSteps = 10
    config.run.steps = 40
    config.run.batch = 2
    config.run.checkpointInterval = 5
    config.validation.interval = 10
    config.validation.targets = 2
    config.validation.shortest = 16
    config.validation.crop = 24
    return config
  }()
}
