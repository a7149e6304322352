import Training
import TrainingData

/// What a network says about one sample.
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

/// A network that can be differentiated: what the trainer needs to know of it, so that trainer, checkpoints and averaging
/// are tested without one.
///
/// Results depend on parameters and sample alone, never on threads or on other samples. An engine that has its own way of knowing when
/// to stop throws ``EngineStopped``.
public protocol GradientEngine: AnyObject {
  /// Samples that are best given together: as many gradients are in memory at once.
  var window: Int { get }
  /// Samples that are computed at the same time: after so many, one may ask whether to stop.
  var laneCount: Int { get }

  /// Takes new parameters, in the order of the network's `ParameterLayout`.
  func load(_ parameters: [Float]) throws

  /// Loss and gradient of each sample; `body` gets them in the order of the samples, whichever was ready first.
  func differentiate(
    _ samples: [TrainingSample], _ body: (TrainingSample, SampleOutcome, [Float]) -> Void) throws

  /// Loss of each sample, without gradient and dropout.
  func evaluate(_ samples: [TrainingSample]) throws -> [SampleOutcome]
}

/// An engine that was asked to stop did so before all samples were done; nothing of them counts.
public struct EngineStopped: Error {
  /// The only one.
  public init() {}
}

extension GradientEngine {
  /// As many as are given together.
  public var laneCount: Int { window }
}
