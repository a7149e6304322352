import FoldingCore
import FoldingModel
import NumericArrays
import Protein
import TensorCore
import TestSupport
import Testing

@testable import FoldingModel
@testable import Training

/// Random features whose draws depend on the pass.
private struct RandomFeatures: Features {
  let target = TargetFeatures.random(residues: 9, templates: 1)

  func draw(pass: Int, ensemble: Int) throws -> AlignmentDraw {
    var draw = AlignmentDraw.random(clusters: 3, extra: 4, residues: 9, name: "pass \(pass)")
    draw.bertMask = randomMask([3, 9], "hidden", holes: true)
    return draw
  }

  /// A chain of residues some 4 Å apart with random torsions.
  var labels: StructureLabels<Float> {
    var stream = RandomStream("labels")
    let frames = (0..<9).map { i in
      RigidTransform<Float>(
        quaternion: stream.normal(), stream.normal(), stream.normal(), stream.normal(),
        translation: Vector3(Float(i) * 3.8, stream.normal(), stream.normal()))
    }
    let torsions = (0..<63).flatMap { _ -> [Float] in
      let (a, b) = (stream.normal(), stream.normal())
      let length = (a * a + b * b).squareRoot()
      return [a / length, b / length]
    }
    let aatype = target.aatype
    let atoms = AtomPlacement.atom14Positions(
      aatype: aatype,
      frames: AtomPlacement.groupFrames(aatype: aatype, backbone: frames, torsions: torsions))
    return StructureLabels(
      aatype: aatype, residueIndex: target.residueIndex, sequenceMask: target.residueMask,
      positions: AtomPlacement.atom37Positions(aatype: aatype, atom14: atoms),
      mask: aatype.flatMap { Atom37.mask[$0 * 37..<($0 + 1) * 37] }, resolution: 2)
  }
}

@Suite("Network, losses and derivatives together")
struct RecyclingTrainingTests {
  @Test("the last recorded pass says what inference says", arguments: [0, 2])
  func equalsInference(recycles: Int) throws {
    let network = try FoldingNetwork.random(.tiny)
    let context = ExecutionContext.forTest(threads: 2)
    let (output, draw) = try RecyclingTraining(network, RandomFeatures(), recycles: recycles).run(
      context.recording(on: Tape()))
    let state = try RecyclingInference(network, RandomFeatures(), recycles: recycles).run(
      from: nil, context)
    let training = try #require(output)
    #expect(training.confidence.array() == state.lddtLogits)
    let atoms = try #require(training.structure.atom14).array().values
    #expect(
      AtomPlacement.atom37Positions(aatype: RandomFeatures().target.aatype, atom14: atoms)
        == state.recycled.positions.values)
    #expect(draw == (try RandomFeatures().draw(pass: recycles, ensemble: 0)))
  }

  @Test("dropout changes what is said, the same key always in the same way")
  func dropout() throws {
    let network = try FoldingNetwork.random(.tiny)
    func confidence(_ seed: UInt64?) throws -> NDArray<Float>? {
      let context = ExecutionContext.forTest().dropping(by: seed.map { DropoutKey(seed: $0) })
      return try RecyclingTraining(network, RandomFeatures(), recycles: 1).run(
        context.recording(on: Tape())
      ).output?.confidence.array()
    }
    #expect(try confidence(1) == confidence(1))
    #expect(try confidence(1) != confidence(2))
    #expect(try confidence(1) != confidence(nil))
  }

  /// One iteration of the structure module, because rotations are constants to the next one, and no confidence heads,
  /// because their targets are: constants to the derivative but not to a difference. No recycling for the same reason.
  ///
  /// The loss is known to about 10⁻⁶ of itself in fp32. The step changes it by about 10⁻³, and parameters by at most
  /// 1 %.
  @Test("the slope of the whole loss along its gradient is the gradient's squared length")
  func slope() throws {
    var shallow = FoldingConfig.tiny
    shallow.structure.layers = 1
    let network = try FoldingNetwork.random(shallow)
    let context = ExecutionContext.forTest(threads: 2).dropping(by: DropoutKey(seed: 5))
    var config = LossConfig.fineTune
    config.weights.confidence = 0
    config.weights.alignedError = 0
    let loss = FoldingLoss(config, heads: network.config.heads)
    let features = RandomFeatures()
    func evaluate(_ tape: Tape) throws -> (TrainingOutput, LossReport, LossGradients<Float>) {
      let (output, draw) = try RecyclingTraining(network, features, recycles: 0).run(
        context.recording(on: tape))
      let training = try #require(output)
      let (report, gradients) = loss(
        LossInputs(training), labels: features.labels, alignment: AlignmentLabels(draw))
      return (training, report, gradients)
    }
    let tape = Tape()
    let (training, report, gradients) = try evaluate(tape)
    let backward = context.accumulating(in: Gradients(pool: context.pool))
    training.seed(gradients, backward)
    #expect(
      backward.gradient(of: training.heads.distogram).array().values == gradients.distogram)
    tape.replay(backward)

    // Parameters behind the trunk, each of which reaches the loss along its own path.
    let structure = network.structure
    let parameters = [
      structure.initialProjection.weight, structure.attention.output.weight,
      structure.attention.pointKeyValue.weight, structure.transition[0].weight,
      structure.backboneUpdate.weight, structure.sideChain.angles.weight,
      network.distogram.halfLogits.weight, network.maskedMSA.logits.weight,
      network.experimentallyResolved.logits.weight,
    ]
    for (index, parameter) in parameters.enumerated() {
      let start = parameter.array().values
      let gradient = backward.gradient(of: parameter).array().values
      let squaredLength = squares(gradient)
      let step = min(
        1e-3 * report.total / squaredLength, 0.01 * (squares(start) / squaredLength).squareRoot())
      func move(_ steps: Double) {
        for (k, x) in start.enumerated() {
          parameter.floats[k] = x + Float(steps * step) * gradient[k]
        }
      }
      func value(_ steps: Double) throws -> Double {
        move(steps)
        defer { move(0) }
        return try evaluate(Tape()).1.total
      }
      let slope =
        (try value(-2) - 8 * value(-1) + 8 * value(1) - value(2)) / (12 * step)
      #expect(
        abs(slope / squaredLength - 1) < 0.01, "parameter \(index): \(slope), \(squaredLength)")
    }
  }
}

private func squares(_ values: [Float]) -> Double {
  values.reduce(0) { $0 + Double($1) * Double($1) }
}
