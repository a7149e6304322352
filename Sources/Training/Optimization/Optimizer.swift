import NumericArrays

/// `OptimizerConfig` of a run with the seed and a resolved clipping method, as checkpoints hold it.
public struct OptimizerSettings: Codable, Hashable, Sendable {
  /// Adam's constants and the storage of its moments.
  public var adam = AdamConfig()
  /// Learning rate by step.
  public var schedule = LearningRateSchedule()
  /// Parts of the network that learn slower or faster; the longest scope counts for a tensor that is in several.
  ///
  /// None by default.
  public var rateFactors: [RateFactor] = []
  /// Clipping.
  public var clip = ClipMethod.helixFold
  /// Largest decay of the moving average of the weights.
  ///
  /// Suppl. 1.11.7.
  public var averageDecay = 0.999
  /// When steps are skipped.
  public var stepGuard = StepGuardConfig()
  /// Seed of the stochastic rounding.
  public var seed: UInt64 = 0

  /// The first stage of HelixFold.
  public init() {}
}

/// A factor of the learning rate for a part of the network.
public struct RateFactor: Codable, Hashable, Sendable {
  /// Text that the names of the tensors contain, such as `structure_module`.
  public var scope: String
  /// Factor of the learning rate.
  public var factor: Double

  /// The given values.
  public init(_ scope: String, _ factor: Double) {
    self.scope = scope
    self.factor = factor
  }
}

/// What one step did.
public struct StepReport: Codable, Hashable, Sendable {
  /// Whether the step was taken.
  public var decision: StepDecision
  /// Learning rate of the step.
  public var rate: Double
  /// Norm and clipping; nil if the step was skipped.
  public var clip: ClipReport?
}

/// Master weights in `Float`, Adam, schedule, clipping, moving average and the guard against bad steps.
///
/// A skipped step changes no weight, moment or average norm and does not advance the schedule. A step that would make weights or
/// moments infinite or NaN is skipped too.
public struct Optimizer: Sendable {
  /// Where each tensor lies.
  public let layout: ParameterLayout
  /// Settings.
  public internal(set) var config: OptimizerSettings
  /// Master weights.
  public internal(set) var parameters: [Float]
  /// Moving average of the weights.
  public internal(set) var average: MovingAverage
  /// Clipping with its counts.
  public internal(set) var clipper: GradientClipper
  /// The guard with its counts.
  public internal(set) var stepGuard: StepGuard
  /// Steps taken.
  public internal(set) var steps = 0
  var adam: Adam

  /// An optimizer that starts at the given weights.
  public init(layout: ParameterLayout, parameters: [Float], config: OptimizerSettings) {
    programmingError(
      unless: parameters.count == layout.count, "Optimizer: weights have another layout")
    self.layout = layout
    self.config = config
    self.parameters = parameters
    average = MovingAverage(parameters, decay: config.averageDecay)
    clipper = GradientClipper(config.clip, layout: layout)
    stepGuard = StepGuard(config.stepGuard)
    adam = Adam(count: layout.count, config: config.adam, seed: config.seed)
  }

  /// One update of the weights by an averaged gradient, which is clipped in place.
  public mutating func step(gradient: inout [Float], loss: Double) -> StepReport {
    let rate = config.schedule.rate(at: steps)
    let norms = layout.tensorNorms(of: gradient)
    let global = norms.reduce(0) { $0 + $1 * $1 }.squareRoot()
    let before = (clipper, stepGuard)
    let decision = stepGuard.decide(loss: loss, gradientNorm: global)
    guard decision == .take else { return StepReport(decision: decision, rate: rate, clip: nil) }
    let report = clipper.clip(&gradient, norms: norms, layout: layout)
    guard adam.staysFinite(parameters, gradient: gradient, rate: rate) else {
      (clipper, stepGuard) = before
      stepGuard.leaveOut()
      return StepReport(decision: .notFinite, rate: rate, clip: nil)
    }
    update(with: gradient, rate: rate)
    average.update(parameters)
    steps += 1
    return StepReport(decision: .take, rate: rate, clip: report)
  }

  /// Parts of the buffers whose factor of the learning rate is 0: norms ignore their gradients.
  public var heldStill: [Range<Int>] {
    layout.segments.filter { factor(of: $0.name) == 0 }.map(\.range)
  }

  /// Adam's update, multiplied by the rate factor where there is one.
  private mutating func update(with gradient: [Float], rate: Double) {
    let scaled = layout.segments.compactMap { segment in
      factor(of: segment.name).map { (segment.range, $0, Array(parameters[segment.range])) }
    }
    adam.update(&parameters, gradient: gradient, rate: rate)
    for (range, factor, before) in scaled {
      for (index, old) in zip(range, before) {
        parameters[index] = old + factor * (parameters[index] - old)
      }
    }
  }

  private func factor(of name: String) -> Float? {
    config.rateFactors.filter { name.contains($0.scope) }
      .max { ($0.scope.count, $0.scope) < ($1.scope.count, $1.scope) }.map { Float($0.factor) }
  }
}
