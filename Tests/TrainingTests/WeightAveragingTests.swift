import Testing

@testable import Training

@Suite("Averaging of checkpoints")
struct WeightAveragingTests {
  static let size = 24

  /// A bowl with curvatures from 0.2 to 2 around 0.5.
  static func bowl(_ w: [Float]) -> (loss: Double, gradient: [Float]) {
    var loss = 0.0
    let gradient = w.enumerated().map { k, x -> Float in
      let curvature = 0.2 + 1.8 * Double(k) / Double(size - 1)
      loss += 0.5 * curvature * (Double(x) - 0.5) * (Double(x) - 0.5)
      return Float(curvature * (Double(x) - 0.5))
    }
    return (loss, gradient)
  }

  static func height(_ w: [Float]) -> Double { bowl(w).loss }

  /// Checkpoints scattered around the minimum; the given ones far away.
  static func checkpoints(
    _ count: Int, seed: UInt64, spread: ClosedRange<Double> = 0.3...0.3, corrupted: Set<Int> = []
  ) -> [[Float]] {
    var random = TestRandom(seed: seed)
    return (0..<count).map { index in
      let scale = Double.random(in: spread, using: &random) * (corrupted.contains(index) ? 10 : 1)
      return random.normals(size).map { Float(0.5 + scale * $0) }
    }
  }

  @Test("uniform and exponential means of 1, 2, 6, and of the last two")
  func simpleMeans() throws {
    let values: [[Float]] = [[1], [2], [6]]
    #expect(try WeightAveraging.uniform(values) == [3])
    #expect(try WeightAveraging.uniform(values, last: 2) == [4])
    #expect(try WeightAveraging.exponential(values, decay: 0.5) == [3.75])
    #expect(try WeightAveraging.exponential(values, last: 2, decay: 0.5) == [4])
  }

  /// Checkpoints that count which of them are asked for.
  private final class Counted: CheckpointSource {
    private let values: [[Float]]
    private(set) var asked: [Int] = []

    init(_ values: [[Float]]) { self.values = values }

    var count: Int { values.count }
    var parameterCount: Int { values[0].count }

    func weights(at index: Int) -> [Float] {
      asked.append(index)
      return values[index]
    }
  }

  @Test("means ask once for each checkpoint that takes part, in order, and for no other")
  func asksForLittle() throws {
    let values: [[Float]] = [[7], [1], [2], [6]]
    func asked(_ average: (Counted) throws -> [Float]) throws -> [Int] {
      let source = Counted(values)
      _ = try average(source)
      return source.asked
    }
    #expect(try asked { try WeightAveraging.uniform($0) } == [0, 1, 2, 3])
    #expect(try asked { try WeightAveraging.uniform($0, last: 2) } == [2, 3])
    #expect(try asked { try WeightAveraging.exponential($0, decay: 0.5) } == [0, 1, 2, 3])
    #expect(try asked { try WeightAveraging.exponential($0, last: 3, decay: 0.5) } == [1, 2, 3])
  }

  @Test("a greedy soup asks for each checkpoint once, then for those of the means that it tries")
  func greedyAsks() throws {
    // Losses 36, 1, 0, 16: best 2; with 1 the mean is 1.5, with 3 it is 4, with 0 it is 5: none joins.
    let apart = Counted([[8], [1], [2], [6]])
    let alone = try WeightAveraging.greedySoup(apart) { Double(($0[0] - 2) * ($0[0] - 2)) }
    #expect(alone.weights == [2] && alone.selected == [2])
    #expect(apart.asked == [0, 1, 2, 3] + [2] + [1, 2] + [2, 3] + [0, 2])
    // All equal: all join, and every mean is that of one more.
    let equal = Counted([[3], [3], [3]])
    #expect(try WeightAveraging.greedySoup(equal) { Double($0[0]) }.selected == [0, 1, 2])
    #expect(equal.asked == [0, 1, 2] + [0] + [0, 1] + [0, 1, 2])
  }

  @Test("SeWA asks twice for each checkpoint and once more for the selected, however many masks")
  func selectionAsks() throws {
    var config = SelectiveAveragingConfig()
    (config.keep, config.iterations, config.samples) = (2, 30, 4)
    let checkpoints = Counted(Self.checkpoints(5, seed: 1))
    let found = try SelectiveAveraging(config)(
      checkpoints, objective: Self.bowl, loss: Self.height)
    #expect(checkpoints.asked == [0, 1, 2, 3, 4] + [0, 1, 2, 3, 4] + found.selected)
    // All are kept: none needs to be held.
    config.keep = 5
    let kept = Counted(Self.checkpoints(5, seed: 1))
    _ = try SelectiveAveraging(config)(kept, objective: Self.bowl, loss: Self.height)
    #expect(kept.asked == [0, 1, 2, 3, 4] + [0, 1, 2, 3, 4])
  }

  @Test("nothing to average, too many asked for, other sizes: one clear line")
  func errors() {
    #expect(throws: WeightAveragingError.noCheckpoint) { try WeightAveraging.uniform([[Float]]()) }
    #expect(throws: WeightAveragingError.selection(count: 3, available: 1)) {
      try WeightAveraging.uniform([[1]] as [[Float]], last: 3)
    }
    #expect(throws: WeightAveragingError.size(checkpoint: 1, found: 2, expected: 1)) {
      try WeightAveraging.uniform([[1], [1, 2]] as [[Float]])
    }
    #expect(throws: WeightAveragingError.noFiniteCheckpoint) {
      try WeightAveraging.greedySoup([[.nan]] as [[Float]]) { _ in 0 }
    }
  }

  @Test("a greedy soup is never worse than its best ingredient and leaves corrupted ones out")
  func greedySoup() throws {
    for seed in 1...5 {
      let checkpoints = Self.checkpoints(12, seed: UInt64(seed), corrupted: [3, 8])
      let soup = try WeightAveraging.greedySoup(checkpoints) { Self.bowl($0).loss }
      let best = checkpoints.map { Self.bowl($0).loss }.min() ?? 0
      #expect(soup.loss <= best)
      #expect(!soup.selected.contains(3) && !soup.selected.contains(8))
    }
  }

  @Test("the gradient with respect to the masks equals central differences to 1e-4")
  func maskGradient() {
    var random = TestRandom(seed: 8)
    let checkpoints = Self.checkpoints(6, seed: 2)
    let masks = (0..<6).map { _ in Double.random(in: 0.1...1, using: &random) }
    let average = weightedMean(checkpoints, masks: masks)
    let found = Training.maskGradient(
      Self.bowl(average).gradient, checkpoints, average: average, masks: masks)
    // Weights are Float, so the step is large; the loss is quadratic and the differences stay accurate.
    let numeric = numericGradient(at: masks, indices: Array(0..<6), step: 0.02) { masks in
      Self.bowl(weightedMean(checkpoints, masks: masks)).loss
    }
    expectClose(found, numeric, tolerance: 1e-4)
  }

  @Test("the projection meets bounds and budget and does nothing twice", arguments: [1, 3, 7, 10])
  func projection(budget: Int) {
    var random = TestRandom(seed: UInt64(budget))
    for _ in 0..<50 {
      let s = random.normals(10).map { 0.5 + $0 }
      let found = projectOntoBudget(s, budget: Double(budget))
      let sum = found.reduce(0, +)
      #expect(found.allSatisfy { (0...1).contains($0) })
      let free = s.reduce(0) { $0 + min(max($1, 0), 1) }
      #expect(abs(sum - min(Double(budget), free)) <= 1e-6)
      let again = projectOntoBudget(found, budget: Double(budget))
      #expect(zip(found, again).allSatisfy { abs($0 - $1) <= 1e-9 })
    }
  }

  @Test("of 56 subsets the selected one is among the best 3 in 18 of 20 seeds")
  func exhaustive() throws {
    var config = SelectiveAveragingConfig()
    config.keep = 3
    var hits = 0
    for seed in 1...20 {
      let checkpoints = Self.checkpoints(8, seed: UInt64(seed), spread: 0.1...0.6)
      var subsets: [(loss: Double, selected: [Int])] = []
      for a in 0..<8 {
        for b in (a + 1)..<8 {
          for c in (b + 1)..<8 {
            let mean = try WeightAveraging.mean(of: checkpoints, selecting: [a, b, c])
            subsets.append((Self.bowl(mean).loss, [a, b, c]))
          }
        }
      }
      config.seed = UInt64(seed)
      let found = try SelectiveAveraging(config)(
        checkpoints, objective: Self.bowl, loss: Self.height)
      let best = subsets.sorted { $0.loss < $1.loss }.prefix(3).map(\.selected)
      if best.contains(found.selected) { hits += 1 }
    }
    #expect(hits >= 18, "\(hits) of 20")
  }

  @Test("none of 3 corrupted checkpoints among 20 is selected in 19 of 20 seeds")
  func corrupted() throws {
    var config = SelectiveAveragingConfig()
    config.keep = 8
    var clean = 0
    for seed in 1...20 {
      let bad: Set = [2, 9, 17]
      let checkpoints = Self.checkpoints(20, seed: UInt64(seed), corrupted: bad)
      config.seed = UInt64(seed)
      let found = try SelectiveAveraging(config)(
        checkpoints, objective: Self.bowl, loss: Self.height)
      if bad.isDisjoint(with: found.selected) { clean += 1 }
    }
    #expect(clean >= 19, "\(clean) of 20")
  }

  @Test("checkpoints that are not finite are left out")
  func notFinite() throws {
    var checkpoints = Self.checkpoints(6, seed: 1)
    checkpoints[4][0] = .nan
    var config = SelectiveAveragingConfig()
    config.keep = 5
    let found = try SelectiveAveraging(config)(checkpoints, objective: Self.bowl, loss: Self.height)
    #expect(found.selected == [0, 1, 2, 3, 5])
  }

  @Test("selecting all reproduces the uniform mean bit for bit")
  func allSelected() throws {
    let checkpoints = Self.checkpoints(7, seed: 3)
    var config = SelectiveAveragingConfig()
    config.keep = 7
    let found = try SelectiveAveraging(config)(checkpoints, objective: Self.bowl, loss: Self.height)
    #expect(found.weights == (try WeightAveraging.uniform(checkpoints)))
  }

  @Test("gradients are asked for masks only, all of them others: iterations × samples")
  func evaluations() throws {
    var config = SelectiveAveragingConfig()
    (config.keep, config.iterations, config.samples) = (2, 3, 5)
    var (losses, averages) = (0, [[Float]]())
    _ = try SelectiveAveraging(config)(
      Self.checkpoints(6, seed: 1),
      objective: {
        averages.append($0)
        return Self.bowl($0)
      },
      loss: {
        losses += 1
        return Self.height($0)
      })
    #expect(losses == 6 && averages.count == 15 && Set(averages).count == 15)
  }

  @Test("the same seed selects the same checkpoints with the same probabilities")
  func deterministic() throws {
    let checkpoints = Self.checkpoints(9, seed: 6)
    var config = SelectiveAveragingConfig()
    config.keep = 4
    let first = try SelectiveAveraging(config)(checkpoints, objective: Self.bowl, loss: Self.height)
    let second = try SelectiveAveraging(config)(
      checkpoints, objective: Self.bowl, loss: Self.height)
    #expect(first == second)
  }
}
