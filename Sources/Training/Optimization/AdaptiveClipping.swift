import FoldingCore
import NumericArrays

/// Constants of AdaGC.
///
/// Adaptive gradient clipping per tensor (arXiv:2502.11034; values of the official code of 2026).
public struct AdaptiveClippingConfig: Codable, Hashable, Sendable {
  /// A tensor is clipped above this multiple of its average norm (λ_rel).
  ///
  /// Below 1 a tensor would shrink its own limit step by step.
  public var relativeLimit = 1.04
  /// Decay of the average norm (β).
  public var decay = 0.99
  /// Steps of plain global clipping at the start; a new stage is a new run, with a start of its own.
  public var warmUpSteps = 100
  /// Global norm allowed during the warm-up (λ_abs).
  ///
  /// Not AlphaFold's 0.1, which would leak into the averages.
  public var warmUpNorm = 1.0
  /// Added to a norm before dividing by it.
  public var epsilon = 1e-6
  /// How the average norm is initialised.
  public var start = Start.minimum
  /// The average of a tensor of n elements never falls below this times √n.
  public var floor = 1e-8
  /// Least average at the end of the warm-up, as a share of the median clipped norm of its last 20 steps.
  ///
  /// Not in the publication (0 there): the gradient of a tensor behind a zero-initialised projection grows from almost nothing, and
  /// one spike in the warm-up makes every other tensor's clipped norm tiny; taking the minimum would keep such a norm.
  public var recentShare = 0.1

  /// Start of the average norm.
  public enum Start: String, ConfigurationChoice {
    /// Smallest globally clipped norm of the warm-up, as published. Biased low: expect clipping for thousands of steps.
    case minimum = "min"
    /// Median of the unclipped norms of the warm-up.
    case medianRaw = "median-raw"
  }

  /// The official values.
  public init() {}
}

/// AdaGC: clips every tensor's gradient to a multiple of the running average of its own norm.
///
/// arXiv:2502.11034. Each layer has its own tensors: a stacked array counts as one tensor per block. During the warm-up, and while a
/// tensor has no average yet, its gradient is clipped by the global norm.
///
/// A tensor whose first gradient comes after the warm-up starts from its own norm, ``AdaptiveClippingConfig/warmUpNorm`` at most:
/// the other tensors' norms in that step carry no information about it.
///
/// - Departure: a norm of 0 never enters an average. The published rule takes the minimum over the warm-up, and a tensor
///   whose gradient is 0 in one step, as behind every zero-initialised projection of AlphaFold2, would get the average 0
///   and be clipped to 0 for ever. An average is unset until the first norm that is not 0, and has two floors.
public struct AdaptiveClipping: Codable, Hashable, Sendable {
  /// Constants.
  public let config: AdaptiveClippingConfig
  /// Average norm of each tensor; 0 while unset.
  public private(set) var averages: [Double]
  /// Steps since the start; skipped steps do not count.
  public private(set) var steps = 0
  private var floors: [Double]
  private var warmUpNorms: [[Double]]

  /// Unset averages, one for each of the given element counts.
  public init(counts: [Int], config: AdaptiveClippingConfig = AdaptiveClippingConfig()) {
    self.config = config
    averages = counts.map { _ in 0 }
    floors = counts.map { config.floor * Double($0).squareRoot() }
    warmUpNorms = counts.map { _ in [] }
  }

  /// Number of tensors; nil if its lists disagree, which happens only in a damaged file.
  var tensorCount: Int? {
    averages.count == floors.count && averages.count == warmUpNorms.count ? averages.count : nil
  }

  /// Factor for each tensor's gradient, 1 where it is left alone; updates the averages.
  ///
  /// - Parameter norms: of the synchronised, accumulated gradient.
  /// - Precondition: all norms are finite; steps with other norms are skipped earlier.
  public mutating func factors(norms: [Double]) -> [Double] {
    steps += 1
    let global = norms.reduce(0) { $0 + $1 * $1 }.squareRoot()
    let globalFactor = min(1, config.warmUpNorm / (global + config.epsilon))
    if steps <= config.warmUpSteps {
      for (k, norm) in norms.enumerated() where norm > 0 {
        warmUp(k, norm: norm, clipped: norm * globalFactor)
      }
      if steps == config.warmUpSteps { endWarmUp() }
      return norms.map { _ in globalFactor }
    }
    return norms.indices.map { k in
      guard norms[k] > 0 else { return 1 }
      guard averages[k] > 0 else {
        let start = config.start == .medianRaw ? norms[k] : min(norms[k], config.warmUpNorm)
        averages[k] = max(start, floors[k])
        return globalFactor
      }
      let limit = config.relativeLimit * averages[k]
      let isClipped = norms[k] > limit
      let kept = isClipped ? limit : norms[k]
      averages[k] = max(config.decay * averages[k] + (1 - config.decay) * kept, floors[k])
      return isClipped ? limit / (norms[k] + config.epsilon) : 1
    }
  }

  private mutating func warmUp(_ k: Int, norm: Double, clipped: Double) {
    switch config.start {
    case .minimum:
      averages[k] = max(averages[k] > 0 ? min(averages[k], clipped) : clipped, floors[k])
      warmUpNorms[k].append(clipped)
      if warmUpNorms[k].count > Self.recentSteps { warmUpNorms[k].removeFirst() }
    case .medianRaw:
      warmUpNorms[k].append(norm)
      averages[k] = max(warmUpNorms[k].upperMedian, floors[k])
    }
  }

  private mutating func endWarmUp() {
    for k in averages.indices where config.start == .minimum && !warmUpNorms[k].isEmpty {
      averages[k] = max(averages[k], config.recentShare * warmUpNorms[k].upperMedian)
    }
    warmUpNorms = averages.map { _ in [] }
  }

  /// Steps at the end of the warm-up that `recentShare` considers.
  private static let recentSteps = 20
}
