import Foundation
import NumericArrays
import Testing

@testable import Training

@Suite("Optimizer")
struct OptimizerTests {
  let layout = ParameterLayout([(name: "a//w", shape: [4, 5]), (name: "a//b", shape: [13])])

  func gradients(_ count: Int, seed: UInt64 = 5) -> [[Float]] {
    var random = TestRandom(seed: seed)
    return (0..<count).map { _ in random.normals(layout.count).map { Float($0) } }
  }

  func optimizer(_ change: (inout OptimizerSettings) -> Void = { _ in }) -> Optimizer {
    var config = OptimizerSettings()
    config.schedule.warmUpSteps = 10
    change(&config)
    return Optimizer(
      layout: layout, parameters: (0..<layout.count).map { Float($0) / 10 }, config: config)
  }

  @discardableResult
  func run(_ optimizer: inout Optimizer, _ gradients: [[Float]]) -> [StepReport] {
    gradients.map {
      var gradient = $0
      return optimizer.step(gradient: &gradient, loss: 1)
    }
  }

  @Test("Adam follows its formula in double precision to 1e-5 over 200 steps")
  func adam() {
    var adam = Adam(count: layout.count)
    var weights = [Float](repeating: 1, count: layout.count)
    var (w, m, v) = (weights.map { Double($0) }, [Double](), [Double]())
    m = [Double](repeating: 0, count: layout.count)
    v = m
    for (t, gradient) in gradients(200).enumerated() {
      adam.update(&weights, gradient: gradient, rate: 1e-2)
      for k in w.indices {
        let g = Double(gradient[k])
        m[k] = 0.9 * m[k] + 0.1 * g
        v[k] = 0.999 * v[k] + 0.001 * g * g
        let (a, b) = (1 - pow(0.9, Double(t + 1)), 1 - pow(0.999, Double(t + 1)))
        w[k] -= 1e-2 * (m[k] / a) / ((v[k] / b).squareRoot() + 1e-6)
      }
    }
    expectClose(weights.map { Double($0) }, w, tolerance: 1e-5)
  }

  @Test("the first step moves every weight by the rate against its gradient's sign")
  func firstStep() {
    var adam = Adam(count: 2)
    var weights: [Float] = [0, 0]
    adam.update(&weights, gradient: [5, -0.01], rate: 1e-3)
    #expect(abs(weights[0] + 1e-3) < 1e-8)
    #expect(abs(weights[1] - 1e-3) < 2e-7)
  }

  @Test("the rate warms up from a hundredth, then falls by 5 % every 50,000 steps")
  func schedule() {
    let schedule = LearningRateSchedule()
    let expected = [
      (0, 1e-5), (500, 5.05e-4), (1000, 1e-3), (50_999, 1e-3), (51_000, 9.5e-4),
      (101_000, 9.025e-4),
    ]
    for (step, rate) in expected { #expect(abs(schedule.rate(at: step) - rate) < 1e-12) }
    #expect(LearningRateSchedule.fineTune.rate(at: 200_000) == 5e-4)
  }

  @Test("global clipping scales a gradient of norm 5 to 0.1 and leaves one of norm 0.05 alone")
  func globalClip() {
    let layout = ParameterLayout([(name: "x", shape: [1]), (name: "y", shape: [1])])
    var clipper = GradientClipper(.helixFold, layout: layout)
    var gradient: [Float] = [3, 4]
    let report = clipper.clip(&gradient, norms: [3, 4], layout: layout)
    #expect(report.globalNorm == 5)
    #expect(report.clippedShare == 1)
    #expect(abs(gradient[0] - 0.06) < 1e-8 && abs(gradient[1] - 0.08) < 1e-8)
    gradient = [0.03, 0.04]
    _ = clipper.clip(&gradient, norms: [0.03, 0.04], layout: layout)
    #expect(gradient == [0.03, 0.04])
    #expect(clipper.clippedSteps == [1, 1] && clipper.activeSteps == [2, 2])
  }

  @Test("per-sample clipping bounds each sample before the mean")
  func perSample() {
    let layout = ParameterLayout([(name: "x", shape: [2])])
    let samples: [[Float]] = [[30, 40], [0, 0.05], [.nan, 0]]
    var sum = GradientAccumulator(
      layout: layout, method: .perSample(maxNorm: 0.1), samples: samples.count)
    let added = samples.map { sum.add($0) }
    #expect(added.map(\.isFinite) == [true, true, false])
    #expect(added.map(\.isClipped) == [true, false, false])
    #expect(abs(added[0].value - 50) < 1e-6 && abs(added[1].value - 0.05) < 1e-6)
    let mean = GradientAccumulator.mean(of: sum.takeSum(), samples: 2)
    #expect(abs(mean[0] - 0.03) < 1e-8 && abs(mean[1] - 0.065) < 1e-8)
    #expect(sum.samples == 0)
  }

  @Test("gradients of a batch are added as a balanced tree", arguments: 1...9)
  func tree(count: Int) {
    let layout = ParameterLayout([(name: "x", shape: [64])])
    func value(_ sample: Int, _ index: Int) -> Float {
      let number = (sample * 7919 + index * 104_729) % 1_000_003
      return Float(number) * 1e-3 - 400
    }
    let samples: [[Float]] = (0..<count).map { sample in (0..<64).map { value(sample, $0) } }
    func tree(_ range: Range<Int>) -> [Float] {
      if range.count == 1 { return samples[range.lowerBound] }
      let middle = range.lowerBound + range.count / 2
      return zip(tree(range.lowerBound..<middle), tree(middle..<range.upperBound)).map { $0 + $1 }
    }
    var sum = GradientAccumulator(layout: layout, method: .none, samples: count)
    for sample in samples { sum.add(sample) }
    #expect(sum.takeSum() == tree(0..<count))
  }

  @Test("options that are off change no bit of the weights")
  func offIsIdentical() {
    var plain = optimizer { $0.clip = .none }
    var variants = [
      optimizer {
        $0.clip = .none; $0.averageDecay = 0.5
      },
      optimizer { $0.clip = .global(maxNorm: 1e9) },
      optimizer { $0.clip = .perSample(maxNorm: 0.1) },
      optimizer {
        $0.clip = .none; $0.stepGuard.spikeFactor = 10
      },
      optimizer {
        $0.clip = .none; $0.seed = 99
      },
    ]
    run(&plain, gradients(50))
    for k in variants.indices {
      run(&variants[k], gradients(50))
      #expect(variants[k].parameters == plain.parameters, "variant \(k)")
    }
  }

  @Test(
    "a part moves by its factor of the rate, the longest scope counts, other parts move as ever")
  func rateFactors() {
    var (plain, scaled) = (
      optimizer(),
      optimizer {
        $0.rateFactors = [RateFactor("w", 3), RateFactor("a//", 7), RateFactor("a//w", 0.5)]
      }
    )
    let before = plain.parameters
    run(&plain, gradients(1))
    run(&scaled, gradients(1))
    for (segment, factor) in zip(layout.segments, [Float(0.5), 7]) {
      for index in segment.range {
        let move = plain.parameters[index] - before[index]
        #expect(abs(scaled.parameters[index] - before[index] - factor * move) <= 1e-6)
      }
    }
  }

  @Test("a part that is held still is in no norm and does not move")
  func heldStill() {
    var still = optimizer {
      $0.rateFactors = [RateFactor("a//w", 0), RateFactor("w", 2)]
      $0.clip = .global(maxNorm: 1e-3)
    }
    let held = still.heldStill
    #expect(held == [layout.segments[0].range])
    let before = still.parameters
    let gradient = gradients(1)[0]
    var sum = GradientAccumulator(
      layout: layout, method: .perSample(maxNorm: 1e-3), samples: 1, ignoring: held)
    let free = gradient[layout.segments[1].range]
    let norm = free.reduce(0) { $0 + Double($1) * Double($1) }.squareRoot()
    let added = sum.add(gradient)
    #expect(abs(added.value - norm) < 1e-6 * norm && added.isClipped)
    var mean = sum.takeSum()
    #expect(mean[held[0]].allSatisfy { $0 == 0 })
    var again = mean
    _ = still.step(gradient: &again, loss: 1)
    let report = still.step(gradient: &mean, loss: 1)
    #expect(report.clip?.activeTensors == 1)
    #expect(still.parameters[held[0]] == before[held[0]])
    #expect(still.parameters != before)
  }

  @Test("the average's first update keeps a tenth, the 10,000th 99.9 %")
  func movingAverage() {
    var average = MovingAverage([1])
    average.update([2])
    #expect(abs(average.values[0] - 1.9) < 1e-6)
    average.updates = 100_000
    average.values = [1]
    average.update([2])
    #expect(abs(average.values[0] - 1.001) < 1e-6)
  }

  @Test("a step that is not finite changes nothing but a count")
  func notFinite() {
    var stepped = optimizer { $0.clip = .adaptive(AdaptiveClippingConfig()) }
    run(&stepped, gradients(5))
    let before = stepped
    var bad = gradients(1)[0]
    bad[7] = .infinity
    var good = gradients(1)[0]
    let decisions = [
      stepped.step(gradient: &bad, loss: 1).decision,
      stepped.step(gradient: &good, loss: .nan).decision,
    ]
    #expect(decisions == [.notFinite, .notFinite])
    #expect(stepped.parameters == before.parameters && stepped.buffers == before.buffers)
    #expect(stepped.steps == 5 && stepped.clipper == before.clipper)
    #expect(stepped.stepGuard.notFinite == 2)
  }

  @Test("a spike is left out and counted; a loss that stays high is accepted")
  func spikes() {
    var config = StepGuardConfig()
    config.spikeFactor = 3
    config.window = 10
    config.maxConsecutiveSpikes = 2
    var guardian = StepGuard(config)
    let calm = [Double](repeating: 1, count: 10)
    let decisions = (calm + [2.9, 9, 1]).map { guardian.decide(loss: $0, gradientNorm: 1) }
    #expect(decisions.map { $0 == .spike } == calm.map { _ in false } + [false, true, false])
    let high = (0..<4).map { _ in guardian.decide(loss: 9, gradientNorm: 1) }
    #expect(high == [.spike, .spike, .take, .take])
    #expect(guardian.spikes == 3)
  }

  @Test("spikes are told once half of the window is filled", arguments: [9, 10])
  func halfWindow(_ window: Int) {
    var config = StepGuardConfig()
    (config.spikeFactor, config.window) = (3, window)
    for (calm, decision) in [(4, StepDecision.take), (5, .spike)] {
      var guardian = StepGuard(config)
      for _ in 0..<calm { #expect(guardian.decide(loss: 1, gradientNorm: 1) == .take) }
      #expect(guardian.decide(loss: 9, gradientNorm: 1) == decision)
    }
  }

  @Test("a normal loss after spikes leaves the guard its memory")
  func memoryOfGuard() {
    var config = StepGuardConfig()
    config.spikeFactor = 3
    config.window = 10
    config.maxConsecutiveSpikes = 2
    var guardian = StepGuard(config)
    let losses = [Double](repeating: 1, count: 10) + [9, 9, 1, 9]
    let decisions = losses.map { guardian.decide(loss: $0, gradientNorm: 1) }
    #expect(decisions.suffix(4) == [.spike, .spike, .take, .spike])
  }

  @Test("resuming from a saved state continues bit for bit", arguments: MomentPrecision.allCases)
  func resume(precision: MomentPrecision) throws {
    let all = gradients(60)
    var straight = optimizer {
      $0.adam.moments = precision
      $0.clip = .adaptive(AdaptiveClippingConfig())
    }
    run(&straight, Array(all[..<30]))
    let text = try JSONEncoder().encode(straight.header)
    var resumed = try Optimizer(
      header: try JSONDecoder().decode(OptimizerHeader.self, from: text),
      buffers: straight.buffers)
    let first = run(&straight, Array(all[30...]))
    let second = run(&resumed, Array(all[30...]))
    #expect(first == second)
    #expect(straight.buffers == resumed.buffers)
    #expect(straight.header == resumed.header)
  }

  @Test("a configuration as checkpoints hold it keeps its words")
  func words() throws {
    let text = """
      {"adam": {"beta1": 0.9, "beta2": 0.99, "epsilon": 1e-8, "moments": "bfloat16"}, "averageDecay": 0.99,
      "clip": {"perSample": {"maxNorm": 1}}, "rateFactors": [{"factor": 0.5, "scope": "structure_module"}],
      "schedule": {"decayFactor": 0.9, "decayInterval": 1500, "peak": 7e-4, "warmUpStart": 0.01,
      "warmUpSteps": 50}, "seed": 3, "stepGuard": {"maxConsecutiveSpikes": 5, "spikeFactor": 10, "window": 64}}
      """
    var expected = OptimizerSettings()
    expected.adam.beta2 = 0.99
    expected.adam.epsilon = 1e-8
    expected.adam.moments = .bfloat16
    expected.averageDecay = 0.99
    expected.clip = .perSample(maxNorm: 1)
    expected.rateFactors = [RateFactor("structure_module", 0.5)]
    expected.schedule.decayFactor = 0.9
    expected.schedule.decayInterval = 1500
    expected.schedule.peak = 7e-4
    expected.schedule.warmUpSteps = 50
    expected.seed = 3
    expected.stepGuard.spikeFactor = 10
    #expect(try JSONDecoder().decode(OptimizerSettings.self, from: Data(text.utf8)) == expected)
  }

  @Test("a damaged state is refused in one line")
  func damagedState() throws {
    let saved = optimizer()
    var buffers = saved.buffers
    buffers["moment1"] = nil
    #expect(throws: OptimizerStateError.missing(buffer: "moment1")) {
      try Optimizer(header: saved.header, buffers: buffers)
    }
    buffers["moment1"] = .float32([1])
    #expect(throws: OptimizerStateError.size(buffer: "moment1", found: 1, expected: 33)) {
      try Optimizer(header: saved.header, buffers: buffers)
    }
    buffers["moment1"] = .bfloat16([BFloat16](repeating: BFloat16(1), count: 33))
    #expect(
      throws: OptimizerStateError.elementType(buffer: "moment1", expected: "float32")
    ) { try Optimizer(header: saved.header, buffers: buffers) }
    var header = saved.header
    header.layout = ParameterLayout([(name: "a//w", shape: [4, 5]), (name: "a//b", shape: [12])])
    #expect(throws: OptimizerStateError.self) {
      try Optimizer(header: header, buffers: saved.buffers)
    }
    let text = String(decoding: try JSONEncoder().encode(saved.header), as: UTF8.self)
    let blocks = text.replacing("\"blocks\":1", with: "\"blocks\":0")
    #expect(blocks != text)
    header = try JSONDecoder().decode(OptimizerHeader.self, from: Data(blocks.utf8))
    #expect(throws: OptimizerStateError.inconsistent("blocks of 'a//w' are impossible")) {
      try Optimizer(header: header, buffers: saved.buffers)
    }
    header = saved.header
    header.version = 9
    #expect(throws: OptimizerStateError.version(found: 9, expected: 2)) {
      try Optimizer(header: header, buffers: saved.buffers)
    }
    header = saved.header
    header.clipper = GradientClipper(
      .adaptive(AdaptiveClippingConfig()), layout: ParameterLayout([(name: "x", shape: [1])]))
    #expect(throws: OptimizerStateError.self) {
      try Optimizer(header: header, buffers: saved.buffers)
    }
  }

  // Adding one to the largest number would trap.
  @Test(
    "counts of left-out steps that no run reaches are refused",
    arguments: ["notFinite", "spikes", "consecutiveSpikes"], [Int.max, -1])
  func impossibleCounts(_ name: String, _ count: Int) throws {
    let saved = optimizer()
    let text = String(decoding: try JSONEncoder().encode(saved.header), as: UTF8.self)
    let damaged = text.replacing("\"\(name)\":0", with: "\"\(name)\":\(count)")
    #expect(damaged != text)
    let header = try JSONDecoder().decode(OptimizerHeader.self, from: Data(damaged.utf8))
    #expect(throws: OptimizerStateError.self) {
      try Optimizer(header: header, buffers: saved.buffers)
    }
  }
}

@Suite("Steps that would spoil the weights")
struct SpoiltStepTests {
  @Test(
    "a step that would make weights or moments that are not finite is left out and changes nothing",
    arguments: [MomentPrecision.float32, .bfloat16])
  func leftOut(_ moments: MomentPrecision) throws {
    // 19 elements: whole vectors and a rest, in which the bad element lies once each.
    let layout = ParameterLayout([(name: "a//w", shape: [19])])
    for place in [3, 18] {
      for bad in ["weight", "moment"] {
        var config = OptimizerSettings()
        config.adam.moments = moments
        config.clip = .adaptive(AdaptiveClippingConfig())
        config.schedule.warmUpSteps = 0
        // An ε that is 0 as a Float: 0 / 0 where there is no gradient.
        if bad == "weight" { config.adam.epsilon = 1e-60 }
        if bad == "moment" { config.clip = .none }
        var optimizer = Optimizer(
          layout: layout, parameters: (0..<19).map { Float($0) / 10 }, config: config)
        var good = [Float](repeating: 0.5, count: 19)
        if bad == "moment" {
          #expect(optimizer.step(gradient: &good, loss: 1).decision == .take)
        }
        let (header, buffers) = (optimizer.header, optimizer.buffers)
        var gradient = [Float](repeating: 0.5, count: 19)
        gradient[place] = bad == "weight" ? 0 : 1e25
        let report = optimizer.step(gradient: &gradient, loss: 1)
        #expect(report.decision == .notFinite && report.clip == nil)
        #expect(optimizer.buffers == buffers && optimizer.steps == header.steps)
        #expect(optimizer.clipper == header.clipper)
        #expect(optimizer.stepGuard.notFinite == 1)
        good = [Float](repeating: 0.5, count: 19)
        #expect(optimizer.step(gradient: &good, loss: 1).decision == .take)
        #expect(optimizer.parameters.allSatisfy { $0.isFinite })
      }
    }
  }
}

@Suite("Stochastic rounding")
struct StochasticRoundingTests {
  @Test("1000 updates of −10⁻⁴ on 1.0: nearest stays at 1, stochastic reaches 0.900 on average")
  func smallUpdates() {
    var nearest = BFloat16(1)
    for _ in 0..<1000 { nearest = BFloat16(Float(nearest) - 1e-4) }
    #expect(Float(nearest) == 1)
    let runs = 10_000
    var sum = 0.0
    for run in 0..<runs {
      let random = RandomKey(seed: 17).child(run)
      var value = BFloat16(1)
      for step in 0..<1000 {
        value = BFloat16(
          stochastically: Float(value) - 1e-4, bits: UInt16(truncatingIfNeeded: random.bits(step)))
      }
      sum += Double(Float(value))
    }
    #expect(abs(sum / Double(runs) - 0.9) < 0.003)
  }

  @Test(
    "Adam's second moment after 3000 steps: stochastic within 1 % of 0.9503, nearest stuck at 0.25")
  func secondMoment() {
    func second(_ precision: MomentPrecision) -> Double {
      var config = AdamConfig()
      config.moments = precision
      let count = 512
      var adam = Adam(count: count, config: config, seed: 4)
      var weights = [Float](repeating: 0, count: count)
      let ones = [Float](repeating: 1, count: count)
      for _ in 0..<3000 { adam.update(&weights, gradient: ones, rate: 0) }
      let values = adam.second.floats + adam.second.halves.map { Float($0) }
      return values.reduce(0) { $0 + Double($1) } / Double(count)
    }
    #expect(abs(second(.float32) - 0.9503) < 1e-4)
    #expect(abs(second(.bfloat16) - 0.9503) < 0.0095)
    #expect(second(.bfloat16Nearest) == 0.25)
  }

  @Test("the mean error is below 4 σ over 2000 draws", arguments: [Float(1.003), -7.77e-5, 3.9e20])
  func unbiased(value: Float) {
    let random = RandomKey(seed: 2)
    let draws = (0..<2000).map {
      Double(
        Float(
          BFloat16(stochastically: value, bits: UInt16(truncatingIfNeeded: random.bits($0)))))
    }
    let mean = draws.reduce(0, +) / 2000
    let variance = draws.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 1999
    #expect(abs(mean - Double(value)) <= 4 * (variance / 2000).squareRoot())
  }

  @Test("exact, infinite and largest values stay what they are", arguments: [UInt16(0), 1, 65535])
  func special(bits: UInt16) {
    for value in [Float(1), -2, 0, .infinity, -.infinity] {
      #expect(Float(BFloat16(stochastically: value, bits: bits)) == value)
    }
    #expect(Float(BFloat16(stochastically: .nan, bits: bits)).isNaN)
    #expect(Float(BFloat16(stochastically: .greatestFiniteMagnitude, bits: bits)).isFinite)
  }
}
