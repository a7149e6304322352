import NumericArrays

/// When a training step is skipped.
public struct StepGuardConfig: Codable, Hashable, Sendable {
  /// A loss above this multiple of the recent median is a spike; nil takes every finite loss.
  public var spikeFactor: Double?
  /// Losses remembered for the median.
  public var window = 64
  /// After this many spikes in a row the loss counts as permanently changed, and steps are taken again.
  public var maxConsecutiveSpikes = 5

  /// Only steps with a loss or gradient that is not finite are skipped.
  public init() {}

  private enum CodingKeys: String, CodingKey { case spikeFactor, window, maxConsecutiveSpikes }

  /// Encodes a guard that is off as null, so that no preset switches it on again where the file is read.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(spikeFactor, forKey: .spikeFactor)
    try container.encode(window, forKey: .window)
    try container.encode(maxConsecutiveSpikes, forKey: .maxConsecutiveSpikes)
  }
}

/// What to do with a step.
public enum StepDecision: String, Codable, Hashable, Sendable {
  /// Take it.
  case take
  /// Skip it: the loss, the gradient or the resulting weights are not finite.
  case notFinite
  /// Skip it: the loss is far above the recent ones.
  case spike
}

/// Decides about steps and counts those skipped.
public struct StepGuard: Codable, Hashable, Sendable {
  /// When steps are skipped.
  public let config: StepGuardConfig
  /// Steps skipped because something was not finite.
  public private(set) var notFinite = 0
  /// Steps skipped because of a spike.
  public private(set) var spikes = 0
  private var recent: [Double] = []
  private var consecutiveSpikes = 0

  /// A guard that has seen nothing.
  public init(_ config: StepGuardConfig = StepGuardConfig()) { self.config = config }

  /// Whether all counts are possible; in a damaged checkpoint they may not be.
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
      // Losses are at this level now.
      recent = []
    }
    consecutiveSpikes = 0
    recent.append(loss)
    if recent.count > config.window { recent.removeFirst() }
    return .take
  }

  /// Counts a step whose weights would not be finite, which is known only after ``decide(loss:gradientNorm:)``.
  mutating func leaveOut() { notFinite += 1 }

  private func isSpike(_ loss: Double) -> Bool {
    guard let factor = config.spikeFactor, recent.count * 2 >= config.window else { return false }
    return loss > factor * recent.upperMedian
  }
}
