import FoldingCore
import Protein
import Testing

@testable import Training

/// Gradients against 4-point central differences in double precision, at every 7th coordinate.
@Suite("Loss gradients equal central differences")
struct LossGradientTests {
  let labels: StructureLabels<Double>
  let inputs: LossInputs<Double>
  let alignment: AlignmentLabels<Double>
  let tolerance = 1e-6

  init() throws {
    let fixture = try LossFixture.load()
    labels = try fixture.structureLabels()
    inputs = try fixture.lossInputs()
    alignment = try fixture.alignment()
  }

  func check(
    _ gradient: [Double], at x: [Double], every stride: Int = 7, step: Double = 1e-4,
    sourceLocation: SourceLocation = #_sourceLocation, _ value: ([Double]) -> Double
  ) {
    let picks = Array(Swift.stride(from: 0, to: x.count, by: stride))
    expectClose(
      picks.map { gradient[$0] }, numericGradient(at: x, indices: picks, step: step, value),
      tolerance: tolerance, sourceLocation: sourceLocation)
  }

  @Test(
    "the gradient of the frame aligned point error with respect to frames and points equals central differences",
    arguments: [1.0, 0.25, 0])
  func pointError(clampedShare: Double) {
    let residues = 4
    let target = FramesAndPoints(
      frames: Array(labels.groupFrames.prefix(residues * 8)),
      positions: Array(labels.atom14Positions.prefix(residues * 42)))
    let scale = PointErrorScale(clampedShare: clampedShare)
    func error(
      _ frames: [Double], _ points: [Double]
    ) -> LossTerm<Double, PointErrorGradient<Double>> {
      frameAlignedPointError(
        predicted: FramesAndPoints(frames: rigids(frames), positions: points), target: target,
        framesMask: Array(labels.groupMask.prefix(residues * 8)),
        positionsMask: Array(labels.atom14Mask.prefix(residues * 14)), scale: scale)
    }
    let frames = inputs.groupFrames.prefix(residues * 8).flatMap(\.flat12)
    let points = Array(inputs.atom14Positions.prefix(residues * 42))
    let gradient = error(frames, points).gradient
    check(gradient.frames.flat, at: frames, every: 41) { error($0, points).value }
    check(gradient.positions, at: points, every: 17) { error(frames, $0).value }
  }

  @Test(
    "the gradient of smooth lDDT with respect to translations of every layer equals central differences; rotations have none"
  )
  func smoothLDDT() {
    let target = labels.backboneFrames
    func loss(_ flat: [Double]) -> LossTerm<Double, [[Vector3<Double>]]> {
      let frames = rigids(flat)
      return smoothLDDTLoss(
        trajectory: [Array(frames.prefix(target.count)), Array(frames.suffix(target.count))],
        target: target, mask: labels.backboneMask)
    }
    let x = (inputs.backbone[0] + (inputs.backbone.last ?? [])).flatMap(\.flat12)
    let gradient = loss(x).gradient.flatMap { layer in
      layer.flatMap { [Double](repeating: 0, count: 9) + [$0.x, $0.y, $0.z] }
    }
    check(gradient, at: x) { loss($0).value }
  }

  @Test("gradients of chi and angle-norm losses equal central differences")
  func torsions() {
    func loss(_ normalized: [Double], _ unnormalized: [Double]) -> TorsionLoss<Double> {
      torsionAngleLoss(
        layers: [TorsionPrediction(normalized: normalized, unnormalized: unnormalized)],
        labels: labels)
    }
    let (x, y) = (inputs.torsions[0].normalized, inputs.torsions[0].unnormalized)
    let found = loss(x, y)
    check(found.chi.gradient[0], at: x, every: 1) { loss($0, y).chi.value }
    check(found.angleNorm.gradient[0], at: y, every: 1) { loss(x, $0).angleNorm.value }
  }

  @Test("the gradient of the omega-phi-psi loss equals central differences")
  func backboneTorsions() {
    func loss(_ x: [Double]) -> LossTerm<Double, [[Double]]> {
      backboneTorsionLoss(
        layers: [TorsionPrediction(normalized: x, unnormalized: x)], labels: labels)
    }
    let x = inputs.torsions[0].normalized
    check(loss(x).gradient[0], at: x, every: 3) { loss($0).value }
  }

  @Test("the gradient of the violations by atoms equals central differences")
  func violations() {
    let violations = StructuralViolations()
    func loss(_ x: [Double]) -> ViolationLoss<Double> {
      violations(atom14Positions: x, aatype: labels.aatype, residueIndex: labels.residueIndex)
    }
    let x = inputs.atom14Positions
    check(loss(x).gradient, at: x, every: 5, step: 1e-5) { loss($0).value }
  }

  @Test(
    "the total's gradient with respect to the logits of every head equals central differences, contact loss included"
  )
  func heads() throws {
    var config = LossConfig.fineTune
    config.distogramAttention = AttentionLossConfig()
    config.contacts = ContactLossConfig()
    config.contacts?.minSeparation = 2
    let loss = FoldingLoss(config)
    let found = loss(inputs, labels: labels, alignment: alignment).gradients
    func total(_ change: (inout LossInputs<Double>) -> Void) -> Double {
      var changed = inputs
      change(&changed)
      return loss(changed, labels: labels, alignment: alignment).report.total
    }
    check(found.distogram, at: inputs.distogram, every: 1931, step: 1e-3) { x in
      total { $0.distogram = x }
    }
    check(found.maskedMSA, at: inputs.maskedMSA, every: 97, step: 1e-3) { x in
      total { $0.maskedMSA = x }
    }
    check(found.experimentallyResolved, at: inputs.experimentallyResolved, every: 61, step: 1e-3) {
      x in total { $0.experimentallyResolved = x }
    }
    check(found.confidence, at: inputs.confidence, every: 83, step: 1e-3) { x in
      total { $0.confidence = x }
    }
    let (aligned, gradient) = (
      try #require(inputs.alignedError), try #require(found.alignedError)
    )
    check(gradient, at: aligned, every: 1777, step: 1e-3) { x in total { $0.alignedError = x } }
  }

  @Test(
    "the total's gradient with respect to frames, torsions and atoms equals central differences")
  func structure() throws {
    var config = LossConfig.fineTune
    config.scalesWithLength = true
    // Confidence targets are constants to the gradient but not to a difference.
    config.weights.confidence = 0
    config.weights.alignedError = 0
    let loss = FoldingLoss(config)
    let found = loss(inputs, labels: labels, alignment: alignment).gradients
    func total(_ change: (inout LossInputs<Double>) -> Void) -> Double {
      var changed = inputs
      change(&changed)
      return loss(changed, labels: labels, alignment: alignment).report.total
    }
    let frames = inputs.backbone[1].flatMap(\.flat12)
    check(found.backbone[1].flat, at: frames, every: 31) { x in total { $0.backbone[1] = rigids(x) }
    }
    check(found.torsions[0].normalized, at: inputs.torsions[0].normalized, every: 27) { x in
      total { $0.torsions[0].normalized = x }
    }
    check(found.atom14Positions, at: inputs.atom14Positions, every: 101, step: 1e-5) { x in
      total { $0.atom14Positions = x }
    }
  }
}
