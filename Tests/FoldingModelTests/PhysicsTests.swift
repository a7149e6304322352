import FoldingCore
import NeuralNet
import NumericArrays
import PlainTensors
import TensorCore
import TestSupport
import Testing

@testable import FoldingModel

@Suite("Symmetries")
struct PhysicsTests {
  /// A rotation by 100° or so about no axis in particular, and a shift of a few tens of Å.
  static let rotation: SIMD4<Float> = {
    let q = SIMD4<Float>(0.64, 0.3, -0.5, 0.5)
    return q / (q * q).sum().squareRoot()
  }()
  static let shift = Vector3<Float>(1.5, -2, 0.7)

  @Test("invariant point attention does not change when all frames move", arguments: [2, 9, 33])
  func pointAttention(residues: Int) throws {
    let inputs = StructureTwinTests.Inputs(residues, .tiny)
    let (layer, norm) = try inputs.attention(.tiny)
    let frames = BackboneFrames.random(residues)
    let mask = [Float](repeating: 1, count: residues)
    func attend(_ frames: BackboneFrames) -> NDArray<Float> {
      layer(inputs.single, inputs.pair, pairNorm: norm, frames, mask: mask, inputs.context).array()
    }
    let moved = attend(frames.moved(Self.rotation, Self.shift))
    let deviation = Deviation(moved, from: PlainTensor<Double>(attend(frames)))
    #expect(deviation.relative <= 2e-5, "\(deviation)")
  }

  @Test("a frame update does the same to a moved structure: the structure module is equivariant")
  func composition() {
    let updates = Tensor(randomArray([9, 6], "updates"), pool: BufferPool())
    var (here, there) = (
      BackboneFrames.random(9), BackboneFrames.random(9).moved(Self.rotation, Self.shift)
    )
    here.compose(updates, .forTest())
    there.compose(updates, .forTest())
    let expected = here.moved(Self.rotation, Self.shift)
    for i in 0..<9 {
      for axis in 0..<4 {
        #expect(abs(there.quaternions[i][axis] - expected.quaternions[i][axis]) < 1e-6)
      }
      #expect((there.translations[i] - expected.translations[i]).squaredLength < 1e-10)
    }
  }

  /// m, z and masks of a block; residues and sequences can be exchanged, masked residues changed.
  struct BlockInputs {
    var m: NDArray<Float>
    var z: NDArray<Float>
    var mask: NDArray<Float>
    var residueMask: [Float]

    init(sequences: Int, residues: Int) {
      m = randomArray([sequences, residues, 16], "m")
      z = randomArray([residues, residues, 16], "z")
      residueMask = (0..<residues).map { $0 % 4 == 2 ? 0 : 1 }
      mask = randomMask([sequences, residues], "mask", holes: true)
      for index in mask.values.indices { mask.values[index] *= residueMask[index % residues] }
    }

    func permuted(sequences: [Int], residues: [Int]) -> BlockInputs {
      func reordered(_ x: NDArray<Float>, _ rows: [Int], _ columns: [Int]) -> NDArray<Float> {
        var order = [0, 1]
        order += x.shape.count == 3 ? [2] : []
        let tensor = PlainTensor<Float>(x).rows(rows)
        let exchanged = [1, 0] + order.dropFirst(2)
        return tensor.permuted(exchanged).rows(columns).permuted(exchanged).array()
      }
      var result = self
      result.m = reordered(m, sequences, residues)
      result.mask = reordered(mask, sequences, residues)
      result.z = reordered(z, residues, residues)
      result.residueMask = residues.map { residueMask[$0] }
      return result
    }

    func run(
      _ kind: EvoformerBlock.Kind, _ order: BlockOrder
    ) throws -> (m: NDArray<Float>, z: NDArray<Float>) {
      let context = ExecutionContext.forTest(threads: 2)
      let config = FoldingConfig.tiny
      let block = try EvoformerBlock(
        RandomParameters.scope(.float32, context.pool), kind, msa: 16, pair: 16,
        kind == .main ? config.evoformer : config.extraMSA, order: order)
      let (m, z) = (Tensor(self.m, pool: context.pool), Tensor(self.z, pool: context.pool))
      let pairs = PositionMask(pairsOf: residueMask, pool: context.pool)
      let masks = TrunkMasks(
        ProteinPack([residueMask.count]), rows: [mask], pairs: [pairs], pool: context.pool)
      block.update(m, [z], masks, context, nil)
      return (m.array(), z.array())
    }
  }

  @Test(
    "exchanging residues or sequences exchanges the results and changes nothing else",
    arguments: [EvoformerBlock.Kind.main, .extra], BlockOrder.allCases)
  func permutations(kind: EvoformerBlock.Kind, order: BlockOrder) throws {
    let inputs = BlockInputs(sequences: 5, residues: 9)
    let (sequences, residues) = ([3, 0, 4, 1, 2], [4, 8, 0, 2, 6, 1, 7, 5, 3])
    var expected = inputs
    (expected.m, expected.z) = try inputs.run(kind, order)
    expected = expected.permuted(sequences: sequences, residues: residues)
    let found = try inputs.permuted(sequences: sequences, residues: residues).run(kind, order)
    let msa = Deviation(found.m, from: PlainTensor<Double>(expected.m))
    #expect(msa.relative <= 1e-5, "\(msa)")
    let pair = Deviation(found.z, from: PlainTensor<Double>(expected.z))
    #expect(pair.relative <= 1e-5, "\(pair)")
  }

  @Test(
    "what masked residues hold changes no bit of the others",
    arguments: [EvoformerBlock.Kind.main, .extra], BlockOrder.allCases)
  func maskedResidues(kind: EvoformerBlock.Kind, order: BlockOrder) throws {
    let inputs = BlockInputs(sequences: 5, residues: 9)
    var changed = inputs
    let noise = randomArray([9, 9, 16], "noise", scale: 3)
    func isHidden(_ i: Int, _ j: Int) -> Bool { inputs.residueMask[i] * inputs.residueMask[j] == 0 }
    for index in changed.z.values.indices where isHidden(index / 144, index / 16 % 9) {
      changed.z.values[index] = noise.values[index]
    }
    for index in changed.m.values.indices where inputs.residueMask[index / 16 % 9] == 0 {
      changed.m.values[index] = noise.values[index]
    }
    let (one, other) = (try inputs.run(kind, order), try changed.run(kind, order))
    for index in one.z.values.indices where !isHidden(index / 144, index / 16 % 9) {
      #expect(one.z.values[index] == other.z.values[index], "pair element \(index)")
    }
    for index in one.m.values.indices where inputs.residueMask[index / 16 % 9] == 1 {
      #expect(one.m.values[index] == other.m.values[index], "MSA element \(index)")
    }
  }

  @Test("masked residues do not influence where the others go")
  func maskedStructure() throws {
    let mask: [Float] = [1, 1, 0, 1, 1, 0, 1]
    func run(_ noise: Float) throws -> NDArray<Float> {
      let inputs = StructureTwinTests.Inputs(7, .tiny)
      for i in [2, 5] {
        for c in 0..<16 { inputs.single[i].floats[c] += noise * Float(c) }
      }
      let module = try StructureModule(inputs.scope, .tiny)
      return module(
        single: inputs.single, pair: inputs.pair, .random(residues: 7, mask: mask), inputs.context,
        nil
      ).activation.array()
    }
    let (one, other) = (try run(0), try run(2))
    for i in 0..<7 where mask[i] == 1 {
      #expect(one.slice(i).values == other.slice(i).values, "residue \(i)")
    }
    #expect(one.slice(2).values != other.slice(2).values)
  }
}
