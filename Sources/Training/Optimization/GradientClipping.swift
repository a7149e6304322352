/// How gradients are clipped.
public enum ClipMethod: Codable, Hashable, Sendable {
  /// Not at all.
  case none
  /// By the norm of the whole averaged gradient: HelixFold, 0.1.
  case global(maxNorm: Double)
  /// By the norm of each sample's gradient before averaging: AlphaFold2, Suppl. 1.11.3, 0.1.
  case perSample(maxNorm: Double)
  /// AdaGC per tensor.
  case adaptive(AdaptiveClippingConfig)
  /// AdaGC on the norm of the whole gradient.
  case adaptiveGlobal(AdaptiveClippingConfig)

  /// Global norm 0.1.
  public static let helixFold = ClipMethod.global(maxNorm: 0.1)
}

/// What clipping did in one step.
public struct ClipReport: Codable, Hashable, Sendable {
  /// Norm of the whole gradient before clipping.
  public var globalNorm: Double
  /// Number of tensors whose gradient was scaled down.
  public var clippedTensors: Int
  /// Number of tensors with a gradient that is not 0.
  public var activeTensors: Int

  /// Share of the active tensors that was clipped.
  public var clippedShare: Double {
    activeTensors == 0 ? 0 : Double(clippedTensors) / Double(activeTensors)
  }
}

/// Clips gradients and counts how often each tensor was clipped.
public struct GradientClipper: Codable, Hashable, Sendable {
  /// The method.
  public let method: ClipMethod
  /// Average norms of AdaGC; nil for the other methods.
  public private(set) var adaptive: AdaptiveClipping?
  /// Steps in which each tensor was clipped. `[tensors]`
  public private(set) var clippedSteps: [Int]
  /// Steps in which each tensor had a gradient. `[tensors]`
  public private(set) var activeSteps: [Int]

  /// A clipper for buffers of a layout.
  public init(_ method: ClipMethod, layout: ParameterLayout) {
    self.method = method
    let ranges = layout.tensorRanges
    clippedSteps = ranges.map { _ in 0 }
    activeSteps = clippedSteps
    switch method {
    case .adaptive(let config):
      adaptive = AdaptiveClipping(counts: ranges.map(\.count), config: config)
    case .adaptiveGlobal(let config):
      adaptive = AdaptiveClipping(counts: [layout.count], config: config)
    case .none, .global, .perSample:
      adaptive = nil
    }
  }

  /// Clips an averaged gradient in place.
  ///
  /// Per-sample clipping happens earlier, in `GradientAccumulator`.
  ///
  /// - Parameter norms: of each tensor's gradient, finite.
  public mutating func clip(
    _ gradient: inout [Float], norms: [Double], layout: ParameterLayout
  ) -> ClipReport {
    let global = norms.reduce(0) { $0 + $1 * $1 }.squareRoot()
    let factors = factors(norms: norms, global: global)
    var report = ClipReport(globalNorm: global, clippedTensors: 0, activeTensors: 0)
    for (k, range) in layout.tensorRanges.enumerated() where norms[k] > 0 {
      scale(&gradient, in: range, by: factors[k])
      report.activeTensors += 1
      activeSteps[k] += 1
      if factors[k] < 1 {
        report.clippedTensors += 1
        clippedSteps[k] += 1
      }
    }
    return report
  }

  /// Whether every list has one entry per tensor of the layout.
  func fits(_ layout: ParameterLayout) -> Bool {
    let tensors = layout.tensorRanges.count
    let expected: Int?
    switch method {
    case .none, .global, .perSample: expected = nil
    case .adaptive: expected = tensors
    case .adaptiveGlobal: expected = 1
    }
    return clippedSteps.count == tensors && activeSteps.count == tensors
      && expected == adaptive?.tensorCount
  }

  private mutating func factors(norms: [Double], global: Double) -> [Double] {
    switch method {
    case .none, .perSample:
      return norms.map { _ in 1 }
    case .global(let maxNorm):
      let factor = globalClipFactor(norm: global, maxNorm: maxNorm)
      return norms.map { _ in factor }
    case .adaptive:
      return adaptive?.factors(norms: norms) ?? norms.map { _ in 1 }
    case .adaptiveGlobal:
      let factor = adaptive?.factors(norms: [global]).first ?? 1
      return norms.map { _ in factor }
    }
  }
}

/// `min(1, maxNorm / norm)`.
func globalClipFactor(norm: Double, maxNorm: Double) -> Double {
  norm > maxNorm ? maxNorm / norm : 1
}
