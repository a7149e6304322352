import Training
import TrainingData

/// The result of a network for one sample.
public struct SampleOutcome: Sendable, Hashable {
  /// Every term of the loss.
  public var loss: LossReport
  /// C-alphas of the last pass, Å. `[N_res, 3]`
  public var alphaCarbons: [Float]
  /// Predicted lDDT-Cα of each residue, 0 … 100; empty if there is none. `[N_res]`
  public var confidence: [Float]

  /// The given values.
  public init(loss: LossReport, alphaCarbons: [Float], confidence: [Float] = []) {
    self.loss = loss
    self.alphaCarbons = alphaCarbons
    self.confidence = confidence
  }

  /// The outcome of a pass that stopped on a non-finite value: its loss is NaN and nothing else is set.
  public static let notFinite: SampleOutcome = {
    var loss = LossReport()
    loss.total = .nan
    return SampleOutcome(loss: loss, alphaCarbons: [])
  }()
}

/// A network that can be differentiated, as the trainer sees it, so that trainer, checkpoints and averaging can be tested without a
/// network.
///
/// Results depend only on parameters and sample, never on threads or other samples. An engine that detects a request to stop by itself
/// throws ``EngineStopped``.
public protocol GradientEngine: AnyObject {
  /// Number of samples that are best given together; as many gradients are in memory at once.
  var window: Int { get }
  /// Number of samples computed at the same time; stopping is possible between groups of this size.
  var laneCount: Int { get }

  /// Takes new parameters, in the order of the network's `ParameterLayout`.
  func load(_ parameters: [Float]) throws

  /// Loss and gradient of each sample; `body` gets them in the order of the samples, whichever is ready first.
  func differentiate(
    _ samples: [TrainingSample], _ body: (TrainingSample, SampleOutcome, [Float]) -> Void) throws

  /// Loss of each sample, without gradient and dropout.
  func evaluate(_ samples: [TrainingSample]) throws -> [SampleOutcome]
}

/// The engine stopped on request before all samples were done; their results are discarded.
public struct EngineStopped: Error {
  /// The error.
  public init() {}
}

extension GradientEngine {
  /// The window.
  public var laneCount: Int { window }
}
