import FoldingCore
import NumericArrays
import TensorCore
import TestSupport
import Testing

@testable import FoldingModel
@testable import NeuralNet

/// Proteins of a pack against the same proteins alone.
@Suite("Packs of proteins")
struct PackTests {
  /// A protein as a block sees it: random m, z and mask, and weights of a loss.
  private struct Protein {
    var m, z, mask: NDArray<Float>
    let dm, dz: NDArray<Float>

    init(_ name: String, residues: Int, rows: Int) {
      m = randomArray([rows, residues, 16], name + " m")
      z = randomArray([residues, residues, 16], name + " z")
      mask = Self.withTarget(randomMask([rows, residues], name + " mask", holes: true))
      dm = randomArray(m.shape, name + " dm")
      dz = randomArray(z.shape, name + " dz")
    }

    /// The mask of an alignment whose first row, the target, is visible.
    static func withTarget(_ mask: NDArray<Float>) -> NDArray<Float> {
      var mask = mask
      for residue in 0..<(mask.shape[0] == 0 ? 0 : mask.shape[1]) { mask.values[residue] = 1 }
      return mask
    }
  }

  /// What a block makes of one protein, and the gradients of what it read.
  private struct Result: Equatable {
    var m, z, dm, dz: [Float]
  }

  private func run(
    _ proteins: [Protein], _ kind: EvoformerBlock.Kind, _ order: BlockOrder, storage: DType,
    threads: Int = 2, recomputes: Bool = true
  ) throws -> (results: [Result], weights: [[Float]]) {
    let tape = Tape(recomputes: recomputes)
    let context = ExecutionContext.forTest(threads: threads, storage: storage).recording(on: tape)
    let parameters = RandomParameters.scope(storage, context.pool)
    let config = FoldingConfig.tiny
    let block = try EvoformerBlock(
      parameters, kind, msa: 16, pair: 16,
      kind == .main ? config.evoformer : config.extraMSA, order: order)
    let pack = ProteinPack(proteins.map { $0.m.shape[1] })
    let masks = TrunkMasks(
      pack, rows: proteins.map(\.mask),
      pairs: proteins.map {
        PositionMask(pairsOf: [Float](repeating: 1, count: $0.m.shape[1]), pool: context.pool)
      }, pool: context.pool)
    let parts = proteins.map { Tensor($0.m, storage, pool: context.pool) }
    let zs = proteins.map { Tensor($0.z, storage, pool: context.pool) }
    let m = pack.join(parts, context)
    context.checkpoint([m] + zs) { block.update(m, zs, masks, $0, nil) }
    let outputs = proteins.indices.map {
      pack.part($0, of: m, rows: proteins[$0].m.shape[0], context)
    }
    let forward = zip(outputs, zs).map { ($0.array().values, $1.array().values) }
    let gradients = Gradients(pool: context.pool)
    for (protein, (output, z)) in zip(proteins, zip(outputs, zs)) {
      gradients[output].assign(Tensor(protein.dm, pool: context.pool))
      gradients[z].assign(Tensor(protein.dz, pool: context.pool))
    }
    tape.replay(context.accumulating(in: gradients))
    let results = proteins.indices.map { index in
      Result(
        m: forward[index].0, z: forward[index].1, dm: gradients[parts[index]].array().values,
        dz: gradients[zs[index]].array().values)
    }
    let weights = [
      block.rowAttention.attention.query, block.rowAttention.pairBias.weights,
      block.outerProductMean.output, block.msaTransition.widen.weight,
      block.pairTrack.multiplicationOutgoing.normInput.scale,
    ]
    return (results, weights.map { gradients[$0].array().values })
  }

  private static let packs: [[(residues: Int, rows: Int)]] = [
    [(5, 3), (9, 3)], [(33, 2), (64, 4), (1, 1)], [(70, 2), (50, 3)], [(130, 2), (20, 1)],
  ]

  @Test(
    "a block gives every protein the bits that it gets alone, forward and backward",
    arguments: packs.indices, [DType.float32, .bfloat16])
  func bits(pack: Int, storage: DType) throws {
    let proteins = Self.packs[pack].enumerated().map { index, size in
      Protein("\(index)", residues: size.residues, rows: size.rows)
    }
    for kind in [EvoformerBlock.Kind.main, .extra] {
      for order in BlockOrder.allCases {
        let packed = try run(proteins, kind, order, storage: storage)
        let alone = try proteins.map { try run([$0], kind, order, storage: storage) }
        for (index, single) in alone.enumerated() {
          let (found, expected) = (packed.results[index], single.results[0])
          #expect(found.m == expected.m, "\(kind), \(order), protein \(index): m")
          #expect(found.z == expected.z, "\(kind), \(order), protein \(index): z")
          #expect(found.dm == expected.dm, "\(kind), \(order), protein \(index): gradient of m")
          #expect(found.dz == expected.dz, "\(kind), \(order), protein \(index): gradient of z")
        }
        for (parameter, found) in packed.weights.enumerated() {
          let sum = alone.map { $0.weights[parameter] }.reduce(
            [Float](repeating: 0, count: found.count)
          ) {
            zip($0, $1).map { $0 + $1 }
          }
          let norm = sum.map { Double($0) * Double($0) }.reduce(0, +).squareRoot()
          let error = zip(found, sum).map { Double($0 - $1) * Double($0 - $1) }.reduce(0, +)
            .squareRoot()
          #expect(
            error <= 1e-5 * norm, "\(kind), \(order), parameter \(parameter): \(error / norm)")
        }
      }
    }
  }

  @Test(
    "changing one protein changes the others by exactly 0, forward and backward",
    arguments: [EvoformerBlock.Kind.main, .extra], [DType.float32, .bfloat16])
  func isolation(kind: EvoformerBlock.Kind, storage: DType) throws {
    var proteins = [(40, 3), (90, 4), (30, 2)].enumerated().map { index, size in
      Protein("\(index)", residues: size.0, rows: size.1)
    }
    let before = try run(proteins, kind, .serial, storage: storage).results
    proteins[1] = Protein("changed", residues: 90, rows: 4)
    proteins[1].m.values[7] = 1e4
    let after = try run(proteins, kind, .serial, storage: storage).results
    #expect(before[0] == after[0])
    #expect(before[2] == after[2])
    #expect(before[1] != after[1])
  }

  @Test("threads and running the block again change no bit of a pack")
  func threads() throws {
    let proteins = [Protein("a", residues: 40, rows: 3), Protein("b", residues: 30, rows: 2)]
    let reference = try run(proteins, .main, .serial, storage: .bfloat16, threads: 1)
    for (threads, recomputes) in [(2, false), (3, true)] {
      let other = try run(
        proteins, .main, .serial, storage: .bfloat16, threads: threads, recomputes: recomputes)
      #expect(other.results == reference.results)
      #expect(other.weights == reference.weights)
    }
  }

  @Test(
    "proteins begin where the keys of attention are cut",
    arguments: [
      ([50, 70, 60], [0, 128, 256]), ([64, 64, 1], [0, 64, 128]), ([96, 96], [0, 128]),
      ([130, 60, 5], [0, 192, 256]), ([7], [0]),
    ])
  func places(_ lengths: [Int], _ starts: [Int]) {
    let pack = ProteinPack(lengths)
    #expect(pack.places.map(\.lowerBound) == starts)
    #expect(pack.places.map(\.count) == lengths)
    #expect(pack.positions == (starts.last ?? 0) + (lengths.last ?? 0))
  }

  @Test(
    "whole passes give every protein the bits that it gets alone",
    arguments: [DType.float32, .bfloat16])
  func network(storage: DType) throws {
    let problems = [
      Problem(residues: 9), Problem(residues: 33, templates: 0, clusters: 2, extra: 0),
      Problem(residues: 2, templates: 1, clusters: 1, extra: 7),
      Problem(residues: 66, templates: 0),
    ]
    let network = try FoldingNetwork.random(.tiny, storage: storage)
    let context = ExecutionContext.forTest(threads: 2, storage: storage)
    func run(_ problems: [Problem]) throws -> [PassOutput] {
      var states = problems.map { network.initialState($0.target, context) }
      var outputs: [PassOutput] = []
      for _ in 0..<2 {
        let inputs = zip(problems, states).map { problem, state in
          var draw = problem.draw()
          draw.msaMask = Protein.withTarget(draw.msaMask)
          draw.extraMask = Protein.withTarget(draw.extraMask)
          return PassInput(problem.target, draw, state)
        }
        outputs = try network.passes(inputs, context)
        states = outputs.map(\.recycled)
      }
      return outputs
    }
    for (problem, output) in zip(problems, try run(problems)) {
      let alone = try run([problem])[0]
      #expect(output.recycled.positions == alone.recycled.positions, "\(problem)")
      #expect(output.lddtLogits == alone.lddtLogits, "\(problem)")
      #expect(output.msa.array() == alone.msa.array(), "\(problem)")
      #expect(output.recycled.pair.array() == alone.recycled.pair.array(), "\(problem)")
    }
  }
}
