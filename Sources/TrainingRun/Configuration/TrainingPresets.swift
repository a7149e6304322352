import FoldingCore
import Training

extension TrainingConfig {
  /// Names of the presets.
  public static let presetNames = ["initial", "finetune", "mini", "tiny"]

  /// The preset of that name.
  public static func preset(named name: String) -> TrainingConfig? {
    switch name {
    case "initial": .initial
    case "finetune": .fineTune
    case "mini": .mini
    case "tiny": .tiny
    default: nil
    }
  }

  /// First stage of HelixFold: `model_1` with 128 alignment rows, crop 256.
  ///
  /// HelixFold `initial.json`.
  public static let initial: TrainingConfig = {
    var config = TrainingConfig()
    config.network.sampling.maxClusters = 128
    config.network.sampling.maxExtraRows = 1024
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
    config.run.steps = 12_000
    config.validation.crop = 384
    config.validation.longest = 384
    return config
  }()

  /// A network of 0.9 million parameters for two cores: 20,000 samples in about two hours.
  ///
  /// Own choice. One pass over 64 residues and 32 rows is about 6 GFLOP (`CostModel`), a sample with its gradient and
  /// 0.4 recycles on average about 21 GFLOP. No templates, shallow heads; no recomputation, because activations of
  /// this size fit anywhere.
  public static let mini: TrainingConfig = {
    var config = TrainingConfig()
    config.preset = "mini"
    config.network = .mini
    config.data.crop = 64
    config.data.shortLength = 64
    config.data.longLength = 128
    config.data.minimumRows = 4
    config.data.maximumResolution = 3.5
    config.data.recycleWeights = [0.8, 0.2]
    config.data.unclampedShare = 0
    config.loss.structure.sideChainShare = 0.3
    config.loss.weights.distogram = 0.5
    config.loss.weights.maskedMSA = 0.2
    config.optimizer.adam.epsilon = 1e-8
    config.optimizer.adam.beta2 = 0.99
    config.optimizer.schedule.peak = 5e-4
    config.optimizer.schedule.warmUpSteps = 200
    config.optimizer.schedule.decayFactor = 0.9
    config.optimizer.schedule.decayInterval = 500
    config.optimizer.averageDecay = 0.995
    config.run.steps = 5000
    config.run.batch = 4
    config.run.recompute = false
    config.run.precision = "fp32"
    config.run.dropout = false
    config.run.checkpointInterval = 50
    config.run.snapshotInterval = 100
    config.run.snapshots = 20
    config.validation.interval = 250
    config.validation.targets = 32
    config.validation.longest = 128
    config.validation.crop = 128
    config.validation.recycles = 2
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
    config.validation.recycles = 1
    return config
  }()
}
