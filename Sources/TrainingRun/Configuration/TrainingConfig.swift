import FoldingCore
import TensorCore
import Training
import TrainingData
import Weights

/// Everything that defines a training run; together with the store and the program's version it determines every bit of the result.
public struct TrainingConfig: Codable, Hashable, Sendable {
  /// Name of the preset that it differs from.
  public var preset = "initial"
  /// The network.
  public var network = FoldingConfig()
  /// Samples.
  public var data = LoadingConfig()
  /// Loss.
  public var loss = LossConfig.initial
  /// How weights follow gradients.
  public var optimizer = OptimizerConfig()
  /// Length and arithmetic of the run.
  public var run = RunConfig()
  /// Validation.
  public var validation = ValidationConfig()

  /// HelixFold's first stage.
  public init() {}

  /// Parameters before training, without a file.
  public var initialParameters: any ParameterSource {
    switch run.initialValues {
    case .published: InitialParameters(network, seed: run.seed)
    case .local: LocalInitialParameters(network, seed: run.seed)
    }
  }

  /// The parameters' places in flat buffers: sorted by official key.
  public var layout: ParameterLayout { ParameterLayout(network.parameterManifest) }
}

/// How parameters are initialised in a run without a parameter file.
public enum InitialValues: String, ConfigurationChoice {
  /// As in the released code: `InitialParameters`.
  case published
  /// Looking along the chain: `LocalInitialParameters`.
  case local
}

extension BlockFormat: ConfigurationChoice {}
extension DType: ConfigurationChoice {}

/// Length and arithmetic of a run.
public struct RunConfig: Codable, Hashable, Sendable {
  /// Steps in all.
  public var steps = 80_000
  /// Samples per step.
  public var batch = 128
  /// Seed of initial weights, draws and dropout.
  public var seed: UInt64 = 0
  /// Storage of activations.
  public var precision = DType.bfloat16
  /// Whether blocks are recomputed for their gradients instead of keeping their activations.
  public var recompute = true
  /// Block format in which inputs of recomputed blocks are kept; nil for the precision of the run.
  public var savedActivations: BlockFormat?
  /// Whether dropout is used.
  public var dropout = true
  /// Parameter file to start from; nil for initial values.
  public var weights: String?
  /// Words in the names of arrays that begin with initial values instead of the file's, which may lack them; nil for none.
  ///
  /// AlphaFold2's aligned error heads were added to trained networks in this way (Suppl. 1.9.7).
  public var newParts: [String]?
  /// Values before training without a file.
  public var initialValues = InitialValues.published
  /// Steps between checkpoints.
  public var checkpointInterval = 200
  /// Steps between snapshots of the weights, for averaging; 0 for none.
  public var snapshotInterval = 0
  /// Snapshots kept, the newest ones.
  public var snapshots = 20

  /// HelixFold's first stage.
  public init() {}
}

/// How a run is validated.
public struct ValidationConfig: Codable, Hashable, Sendable {
  /// Steps between validations; 0 for none.
  public var interval = 1000
  /// Chains, one per cluster.
  public var targets = 32
  /// Fewest residues of a chain.
  public var shortest = 40
  /// Most residues of a chain.
  public var longest = 256
  /// Most residues of a sample; longer chains are cropped to their middle.
  public var crop = 256
  /// Passes after the first; the network's number if a file does not set them.
  public var recycles = 3

  /// The default choices.
  public init() {}
}

/// How large gradients are clipped.
public enum ClippingChoice: String, ConfigurationChoice {
  /// No clipping.
  case none
  /// The gradient of a step is scaled to a largest norm.
  case global
  /// The same for the gradient of each sample: Suppl. 1.11.3.
  case perSample = "per-sample"
  /// Every tensor by its own history: AdaGC, arXiv:2502.11034.
  case adaGC = "adagc"
  /// AdaGC with one history for the whole gradient.
  case adaGCGlobal = "adagc-global"
}

/// How weights follow gradients, as a configuration file states it.
public struct OptimizerConfig: Codable, Hashable, Sendable {
  /// Adam's constants.
  public var adam = AdamConfig()
  /// Learning rate.
  public var schedule = LearningRateSchedule()
  /// Parts of the network that learn slower or faster.
  public var rateFactors: [RateFactor] = []
  /// Clipping.
  public var clip = ClippingChoice.global
  /// Largest norm of `global` and `per-sample`.
  public var clipNorm = 0.1
  /// Constants of AdaGC.
  public var adaGC = AdaptiveClippingConfig()
  /// Largest decay of the moving average of the weights, which is the one that is validated.
  public var averageDecay = 0.999
  /// When steps are skipped.
  public var guarding = StepGuardConfig()

  /// HelixFold's first stage.
  public init() {}

  /// The settings of the optimizer, with its seed and the clipping method resolved.
  func settings(seed: UInt64) -> OptimizerSettings {
    var settings = OptimizerSettings()
    settings.adam = adam
    settings.schedule = schedule
    settings.rateFactors = rateFactors
    settings.averageDecay = averageDecay
    settings.stepGuard = guarding
    settings.seed = seed
    settings.clip =
      switch clip {
      case .none: .none
      case .global: .global(maxNorm: clipNorm)
      case .perSample: .perSample(maxNorm: clipNorm)
      case .adaGC: .adaptive(adaGC)
      case .adaGCGlobal: .adaptiveGlobal(adaGC)
      }
    return settings
  }
}
