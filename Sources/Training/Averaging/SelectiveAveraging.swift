import NumericArrays

/// Constants of SeWA.
///
/// The publication states none of them; these are our choices.
public struct SelectiveAveragingConfig: Codable, Hashable, Sendable {
  /// Checkpoints in the mean, K.
  public var keep = 10
  /// Temperature of the Gumbel-Softmax, τ.
  public var temperature = 0.5
  /// Random masks per iteration, M; each costs one loss with gradient.
  public var samples = 4
  /// Iterations.
  public var iterations = 200
  /// Largest change of a probability per iteration, η.
  public var rate = 0.05
  /// Seed of the masks.
  public var seed: UInt64 = 0

  /// The default choices.
  public init() {}
}

/// The result of SeWA.
public struct SelectiveAverage: Sendable, Hashable {
  /// Mean of the selected checkpoints.
  public var weights: [Float]
  /// Indices of the selected checkpoints, ascending.
  public var selected: [Int]
  /// Loss of each checkpoint alone; not finite where its weights or its loss are not.
  public var checkpointLosses: [Double]
  /// Probability of each checkpoint at the end.
  public var probabilities: [Double]
  /// Mean loss of the random masks in each iteration.
  public var losses: [Double]
}

/// SeWA: learns which K checkpoints to average.
///
/// arXiv:2502.10119. Checkpoint i is in the mean with probability s_i, Σ s ≤ K. Masks are relaxed by the two-class
/// Gumbel-Softmax, `m_i = σ((logit s_i + g₁ − g₀) / τ)`, and with `w̄ = Σ m w / Σ m` one gradient G of the loss gives
/// `∂F/∂m_i = ⟨G, w_i − w̄⟩ / Σ m`. No differentiation through the average is needed. In the end the K most probable
/// checkpoints are averaged. On a clean run the plain mean is nearly as good; the gain is robustness to bad checkpoints.
///
/// - Departure: checkpoints whose weights or own loss are not finite are dropped beforehand; the gradient is divided by its largest
///   element.
public struct SelectiveAveraging: Sendable {
  let config: SelectiveAveragingConfig

  /// SeWA with the given constants.
  public init(_ config: SelectiveAveragingConfig = SelectiveAveragingConfig()) {
    self.config = config
  }

  /// Selects and averages.
  ///
  /// - Parameters:
  ///   - checkpoints: if there are more than are kept, all those with a finite loss are held in memory, since every mask mixes all
  ///     of them.
  ///   - objective: loss and gradient at given weights; deterministic (fixed data, no dropout).
  ///   - loss: the same loss alone.
  /// - Cost: a loss per checkpoint, `samples × iterations` losses with gradient, each with a pass over all checkpoints.
  public func callAsFunction(
    _ checkpoints: some CheckpointSource,
    objective: ([Float]) throws -> (loss: Double, gradient: [Float]),
    loss: ([Float]) throws -> Double
  ) throws -> SelectiveAverage {
    let places = try checkpoints.latest(nil)
    try WeightAveraging.checkSelection(config.keep, among: places.count)
    let ownLosses = try WeightAveraging.losses(of: checkpoints, loss)
    let usable = places.filter { ownLosses[$0].isFinite }
    guard !usable.isEmpty else { throw WeightAveragingError.noFiniteCheckpoint }
    let keep = min(config.keep, usable.count)
    var s = [Double](repeating: Double(keep) / Double(usable.count), count: usable.count)
    var losses: [Double] = []
    if keep < usable.count {
      let candidates = try usable.map { try checkpoints.checkedWeights(at: $0) }
      for iteration in 0..<config.iterations {
        let (mean, gradient) = try estimate(
          s, candidates, iteration: iteration, objective: objective)
        losses.append(mean)
        let largest = gradient.reduce(0) { max($0, abs($1)) }
        guard largest > 0, largest.isFinite else { continue }
        s = projectOntoBudget(
          zip(s, gradient).map { $0 - config.rate * $1 / largest }, budget: Double(keep))
      }
    }
    let order = s.indices.sorted { (-s[$0], $0) < (-s[$1], $1) }
    let selected = order.prefix(keep).map { usable[$0] }.sorted()
    var probabilities = [Double](repeating: 0, count: places.count)
    for (k, index) in usable.enumerated() { probabilities[index] = s[k] }
    return SelectiveAverage(
      weights: try WeightAveraging.mean(of: checkpoints, selecting: selected), selected: selected,
      checkpointLosses: ownLosses, probabilities: probabilities, losses: losses)
  }

  /// Monte-Carlo mean of the loss and of its gradient with respect to the probabilities.
  private func estimate(
    _ s: [Double], _ checkpoints: [[Float]], iteration: Int,
    objective: ([Float]) throws -> (loss: Double, gradient: [Float])
  ) throws -> (loss: Double, gradient: [Double]) {
    var gradient = [Double](repeating: 0, count: s.count)
    var (sum, counted) = (0.0, 0)
    for sample in 0..<config.samples {
      let random = RandomKey(seed: config.seed).child("sewa").child(iteration).child(sample)
      let masks = s.indices.map { relaxedMask(s[$0], random: random, index: $0) }
      let average = weightedMean(checkpoints, masks: masks)
      let (loss, slope) = try objective(average)
      guard loss.isFinite else { continue }
      let maskGradient = maskGradient(slope, checkpoints, average: average, masks: masks)
      for k in s.indices {
        let p = clampedProbability(s[k])
        gradient[k] +=
          maskGradient[k] * masks[k] * (1 - masks[k]) / (config.temperature * p * (1 - p))
      }
      sum += loss
      counted += 1
    }
    let share = 1 / Double(max(counted, 1))
    return (sum * share, gradient.map { $0 * share })
  }

  private func relaxedMask(_ s: Double, random: RandomKey, index: Int) -> Double {
    func gumbel(_ k: Int) -> Double {
      -Double.logarithm(-Double.logarithm(random.interior(2 * index + k)))
    }
    let p = clampedProbability(s)
    let logit = Double.logarithm(p) - Double.logarithm(1 - p)
    // At least 10⁻⁶, so that the masks never sum to 0.
    return max(Double.sigmoid((logit + gumbel(1) - gumbel(0)) / config.temperature), 1e-6)
  }

  private func clampedProbability(_ s: Double) -> Double { min(max(s, 1e-3), 1 - 1e-3) }
}

/// `Σ m_i w_i / Σ m_i`.
func weightedMean(_ checkpoints: [[Float]], masks: [Double]) -> [Float] {
  let total = masks.reduce(0, +)
  var mean = [Float](repeating: 0, count: checkpoints.first?.count ?? 0)
  for (checkpoint, mask) in zip(checkpoints, masks) {
    addScaled(checkpoint, by: Float(mask / total), to: &mean)
  }
  return mean
}

/// `⟨G, w_i − w̄⟩ / Σ m`: gradient of the loss of the weighted mean with respect to each mask.
func maskGradient(
  _ gradient: [Float], _ checkpoints: [[Float]], average: [Float], masks: [Double]
) -> [Double] {
  let total = masks.reduce(0, +)
  return checkpoints.map { checkpoint in
    var product = 0.0
    for k in gradient.indices {
      product += Double(gradient[k]) * (Double(checkpoint[k]) - Double(average[k]))
    }
    return product / total
  }
}

/// The nearest point of `{0 ≤ s ≤ 1, Σ s ≤ budget}`: one shift for all, found by bisection.
func projectOntoBudget(_ s: [Double], budget: Double) -> [Double] {
  func shifted(_ shift: Double) -> [Double] { s.map { min(max($0 - shift, 0), 1) } }
  guard shifted(0).reduce(0, +) > budget else { return shifted(0) }
  var (low, high) = (0.0, s.reduce(0) { max($0, $1) })
  for _ in 0..<100 {
    let middle = (low + high) / 2
    if shifted(middle).reduce(0, +) > budget { low = middle } else { high = middle }
  }
  return shifted(high)
}
