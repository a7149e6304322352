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
  @Test(
    "the last recorded pass says what inference says", arguments: [0, 2],
    [nil, RandomKey(seed: 4)])
  func equalsInference(recycles: Int, dropout: RandomKey?) throws {
    let network = try FoldingNetwork.random(.tiny)
    let context = ExecutionContext.forTest(threads: 2)
    let (output, draw) = try RecyclingTraining(network, RandomFeatures(), recycles: recycles).run(
      context.recording(on: Tape()).droppingOut(by: dropout))
    let state = try RecyclingInference(
      network, RandomFeatures(), recycles: recycles, dropoutKey: dropout
    ).run(from: nil, context)
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
      let context = ExecutionContext.forTest().droppingOut(by: seed.map { RandomKey(seed: $0) })
      return try RecyclingTraining(network, RandomFeatures(), recycles: 1).run(
        context.recording(on: Tape())
      ).output?.confidence.array()
    }
    #expect(try confidence(1) == confidence(1))
    #expect(try confidence(1) != confidence(2))
    #expect(try confidence(1) != confidence(nil))
  }
}
