import NumericArrays

/// When a training step is left out.
public struct StepGuardConfig: Codable, Hashable, Sendable {
  /// A loss above this multiple of the recent median is a spike; nil takes every finite loss.
  public var spikeFactor: Double?
  /// Losses remembered for the median.
  public var window = 64
  /// After so many spikes in a row the loss has moved for good, and steps are taken again.
  public var maxConsecutiveSpikes = 5

  /// Only losses and gradients that are not finite are left out.
  public init() {}
}

/// What to do with a step.
public enum StepDecision: String, Codable, Hashable, Sendable {
  /// Take it.
  case take
  /// Leave it out: the loss, the gradient or what the step would make of the weights is not finite.
  case notFinite
  /// Leave it out: the loss is far above the recent ones.
  case spike
}

/// Decides about steps and counts those left out.
public struct StepGuard: Codable, Hashable, Sendable {
  /// When steps are left out.
  public let config: StepGuardConfig
  /// Steps left out because something was not finite.
  public private(set) var notFinite = 0
  /// Steps left out because of a spike.
  public private(set) var spikes = 0
  private var recent: [Double] = []
  private var consecutiveSpikes = 0

  /// A guard that has seen nothing.
  public init(_ config: StepGuardConfig = StepGuardConfig()) { self.config = config }

  /// Whether all counts are possible; those of a damaged checkpoint may be anything.
  ///
  /// - Parameter largest: no run takes more steps.
  func isSound(largest: Int) -> Bool {
    config.window > 0
      && [notFinite, spikes, consecutiveSpikes, config.maxConsecutiveSpikes, config.window]
        .allSatisfy { (0...largest).contains($0) }
  }

  /// Decides about a step with that loss and global gradient norm.
  public mutating func decide(loss: Double, gradientNorm: Double) -> StepDecision {
    guard loss.isFinite, gradientNorm.isFinite else {
      notFinite += 1
      return .notFinite
    }
    if isSpike(loss) {
      if consecutiveSpikes < config.maxConsecutiveSpikes {
        spikes += 1
        consecutiveSpikes += 1
        return .spike
      }
      // Losses have this height now.
      recent = []
    }
    consecutiveSpikes = 0
    recent.append(loss)
    if recent.count > config.window { recent.removeFirst() }
    return .take
  }

  /// Counts a step whose weights would not be finite, which only shows after ``decide(loss:gradientNorm:)``.
  mutating func leaveOut() { notFinite += 1 }

  private func isSpike(_ loss: Double) -> Bool {
    guard let factor = config.spikeFactor, recent.count * 2 >= config.window else { return false }
    return loss > factor * recent.upperMedian
  }
}
