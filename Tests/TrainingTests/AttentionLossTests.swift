import FoldingCore
import NumericArrays
import Testing

@testable import Training

@Suite("Attention Loss")
struct AttentionLossTests {
  static let logits: [Double] = [-30, -8, -4, -1, -0.2, 0, 0.3, 1, 2, 6, 30]

  func value<Real: RealNumber>(
    _ logit: Real, positive: Bool, _ config: AttentionLossConfig
  ) -> LossTerm<Real, [Real]> {
    attentionLoss(logits: [logit], labels: [positive], weights: [1], denominator: 1, config: config)
  }

  @Test("gradient equals central differences to 1e-6 in both classes", arguments: logits)
  func gradient(x: Double) {
    for positive in [false, true] {
      var config = AttentionLossConfig()
      config.alpha = 0.97
      let found = value(x, positive: positive, config).gradient
      let numeric = numericGradient(at: [x], indices: [0], step: 1e-3) {
        value($0[0], positive: positive, config).value
      }
      #expect(abs(found[0] - numeric[0]) <= 1e-6)
      let float = value(Float(x), positive: positive, config).gradient[0]
      #expect(abs(Double(float) - found[0]) <= 1e-5 * max(abs(found[0]), 1e-3))
    }
  }

  @Test("finite at ±80, in single precision too", arguments: [-80.0, 80.0])
  func extremes(x: Double) {
    for positive in [false, true] {
      let double = value(x, positive: positive, AttentionLossConfig())
      let float = value(Float(x), positive: positive, AttentionLossConfig())
      #expect(double.value.isFinite && double.gradient[0].isFinite)
      #expect(float.value.isFinite && float.gradient[0].isFinite)
    }
  }

  @Test("at logit 0, α = 0.97: loss 1.7919, slope −1.7317")
  func knownValue() {
    var config = AttentionLossConfig()
    config.alpha = 0.97
    let found = value(0.0, positive: true, config)
    #expect(abs(found.value - 1.7919) < 5e-5)
    #expect(abs(found.gradient[0] + 1.7317) < 5e-5)
  }

  @Test("slopes of the formula for positives, where the released code differs")
  func trueSlopes() {
    var config = AttentionLossConfig()
    config.alpha = 0.97
    for (x, slope) in [(-6.0, -3.904), (-4, -3.953), (-2, -3.726), (0, -1.732), (4, -0.0230)] {
      #expect(abs(value(x, positive: true, config).gradient[0] - slope) < 5e-4)
    }
  }

  @Test("β = 1 is the class-balanced cross-entropy, with α = ½ half of it", arguments: logits)
  func reducesToCrossEntropy(x: Double) {
    var config = AttentionLossConfig()
    config.beta = 1
    for (alpha, positive) in [(0.5, true), (0.5, false), (0.9, true), (0.9, false)] {
      config.alpha = alpha
      let found = value(x, positive: positive, config)
      let plain = sigmoidCrossEntropy(
        logits: [x], labels: [positive ? 1 : 0], weights: [1], denominator: 1)
      let weight = positive ? alpha : 1 - alpha
      #expect(abs(found.value - weight * plain.value) <= 1e-7 * max(1, plain.value))
      #expect(abs(found.gradient[0] - weight * plain.gradient[0]) <= 1e-7)
    }
  }

  @Test("the balance counts unmasked elements only; a missing class gives α = ½")
  func balance() {
    var balanced = AttentionLossConfig()
    balanced.beta = 1
    // Three negatives and one positive count: α = ¾.
    let found = attentionLoss(
      logits: [0.0, 0, 0, 0, 5], labels: [true, false, false, false, true],
      weights: [1, 1, 1, 1, 0], denominator: 1, config: balanced)
    #expect(abs(found.gradient[0] + 0.75 / 2) < 1e-12)
    #expect(abs(found.gradient[1] - 0.25 / 2) < 1e-12)
    #expect(found.gradient[4] == 0)
    let negatives = attentionLoss(
      logits: [0.0], labels: [false], weights: [1], denominator: 1, config: balanced)
    #expect(abs(negatives.gradient[0] - 0.25) < 1e-12)
    balanced.alphaRange = 0.05...0.6
    let limited = attentionLoss(
      logits: [0.0, 0, 0, 0], labels: [true, false, false, false], weights: [1, 1, 1, 1],
      denominator: 1, config: balanced)
    #expect(abs(limited.gradient[0] + 0.3) < 1e-12)
  }

  @Test("with two classes and α = ½ the multi-class form is twice the binary one")
  func multiClass() {
    var half = AttentionLossConfig()
    half.alpha = 0.5
    for x in Self.logits {
      let binary = value(x, positive: true, half)
      let multi = attentionCrossEntropy(
        logits: [0, x], classes: 2, labels: [1], weights: [1.0], denominator: 1, config: half)
      #expect(abs(multi.value - 2 * binary.value) <= 1e-12 * max(1, multi.value))
      #expect(abs(multi.gradient[1] - 2 * binary.gradient[0]) < 1e-12)
      #expect(abs(multi.gradient[0] + multi.gradient[1]) < 1e-12)
    }
  }

  @Test("switched off, the loss is bit-identical to the plain one; with weight 0 too")
  func offIsIdentical() throws {
    let fixture = try LossFixture.load()
    let labels = try fixture.structureLabels(Float.self)
    let inputs = try fixture.lossInputs(Float.self)
    let alignment = try fixture.alignment(Float.self)
    let plain = FoldingLoss(.initial)(inputs, labels: labels, alignment: alignment)
    let direct = distogramLoss(
      logits: inputs.distogram, labels: labels, breaks: HeadConfig().distogramBreaks)
    #expect(plain.report.distogram == Double(direct.value))
    #expect(plain.gradients.distogram == direct.gradient.map { $0 * 0.3 })
    var config = LossConfig.initial
    config.contacts = ContactLossConfig()
    config.contacts?.weight = 0
    let zero = FoldingLoss(config)(inputs, labels: labels, alignment: alignment)
    #expect(zero.report.total == plain.report.total)
    #expect(zero.gradients.distogram == plain.gradients.distogram)
  }
}
