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
  /// Clamps and clashes have kinks: differences approach the derivative only with steps that change the loss by some 10⁻⁵ of
  /// itself, and with a draw of dropout that puts no kink beside the point. The loss is rounded to some 10⁻⁸ of itself and
  /// parameters are moved by whole units of their last place, for which the prediction accounts: 1 % is asked for.
  @Test("the whole loss changes with every part of the network as its gradient says")
  func slope() throws {
    var shallow = FoldingConfig.tiny
    shallow.structure.layers = 1
    let network = try FoldingNetwork.random(shallow)
    let context = ExecutionContext.forTest(threads: 2).dropping(by: DropoutKey(seed: 3))
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

    let structure = network.structure
    var groups: [String: [Tensor]] = [
      "initial projection": [structure.initialProjection.weight],
      "attention": [structure.attention.output.weight],
      "value points": [structure.attention.pointKeyValue.weight],
      "transition": [structure.transition[0].weight],
      "frame update": [structure.backboneUpdate.weight],
      "torsions": [structure.sideChain.angles.weight],
    ]
    for (key, parameter) in network.parameters {
      let path = key.dropFirst(FoldingNetwork.root.count + 1).split(separator: "/")
      let depth = path.first == "evoformer" ? 2 : 1
      if path.first == "predicted_lddt_head" || path.first == "predicted_aligned_error_head" {
        continue
      }
      groups[path.prefix(depth).joined(separator: "/"), default: []].append(parameter)
    }
    for (name, parameters) in groups.sorted(by: { $0.key < $1.key }) {
      let direction = Direction(parameters, backward)
      let step = min(
        3e-5 * report.total / direction.squaredLength,
        3e-4 * (direction.parametersSquared / direction.squaredLength).squareRoot())
      func value(_ step: Double) throws -> (loss: Double, predicted: Double) {
        let predicted = direction.move(step)
        defer { direction.move(0) }
        return (try evaluate(Tape()).1.total, predicted)
      }
      let (up, down) = (try value(step), try value(-step))
      let ratio = (up.loss - down.loss) / (up.predicted - down.predicted)
      #expect(abs(ratio - 1) < 0.01, "\(name): \(ratio)")
    }
  }
}

/// Some parameters, to be moved along their gradient.
private struct Direction {
  let parameters: [(tensor: Tensor, start: [Float], gradient: [Float])]
  let squaredLength, parametersSquared: Double

  init(_ tensors: [Tensor], _ context: ExecutionContext) {
    parameters = tensors.map {
      ($0, $0.array().values, context.gradient(of: $0).array().values)
    }
    func squares(_ values: [Float]) -> Double {
      values.reduce(0) { $0 + Double($1) * Double($1) }
    }
    squaredLength = parameters.reduce(0) { $0 + squares($1.gradient) }
    parametersSquared = parameters.reduce(0) { $0 + squares($1.start) }
  }

  /// Moves the parameters by a multiple of the gradient from where they were at first.
  ///
  /// - Returns: the change of the loss that the gradient predicts for the rounded parameters.
  @discardableResult
  func move(_ factor: Double) -> Double {
    var predicted = 0.0
    for (tensor, start, gradient) in parameters {
      for (k, x) in start.enumerated() {
        tensor.floats[k] = x + Float(factor) * gradient[k]
        predicted += Double(gradient[k]) * (Double(tensor.floats[k]) - Double(x))
      }
    }
    return predicted
  }
}
