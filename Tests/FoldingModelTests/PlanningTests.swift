import FoldingCore
import NumericArrays
import Synchronization
import TensorCore
import TestSupport
import Testing

@testable import FoldingModel

@Suite("Plans of cost and of branches")
struct PlanningTests {
  private func size(clusters: Int = 8, templates: Int = 0) -> ProblemSize {
    ProblemSize(residues: 64, clusters: clusters, extraRows: 16, templates: templates)
  }

  @Test("rows of templates with torsions cost what as many rows of the alignment do")
  func templateRows() throws {
    var config = FoldingConfig.tiny
    func operations(_ size: ProblemSize) -> [Double] {
      CostModel(config, size).evoformerBlock.map(\.operations)
    }
    for embedsTorsions in [true, false] {
      config.template?.embedsTorsions = embedsTorsions
      let rows = embedsTorsions ? 11 : 8
      #expect(operations(size(templates: 3)) == operations(size(clusters: rows)))
    }
  }

  // Two residues, three rows, 16 channels everywhere, two heads of 8, outer products of 8, transitions of 32; a product of
  // [a, b] and [b, c] is 2abc operations.
  @Test("operations of a block are those of its products, counted by hand")
  func blocks() {
    let model = CostModel(
      .tiny, ProblemSize(residues: 2, clusters: 3, extraRows: 3, templates: 0))
    let rowAttention = 5 * 2 * 6 * 16 * 16 + 2 * (3 * 2 * 2 * 2 * 16)
    let columnAttention = 5 * 2 * 6 * 16 * 16 + 2 * (2 * 2 * 3 * 3 * 16)
    // Keys and values of one head, gate and output of both; the query is a mean.
    let globalAttention = 2 * (2 * 6 * 16 * 8) + 2 * (2 * 6 * 16 * 16)
    let transition = 2 * (2 * 6 * 16 * 32)
    let outerProductMean = 2 * (2 * 6 * 16 * 8) + 2 * 3 * 4 * 8 * 8 + 2 * 4 * 64 * 16
    // Two operands and their gates, gate and projection of the result; a sum over k for each channel and pair.
    let multiplications = 2 * (6 * 2 * 4 * 16 * 16 + 16 * 2 * 4 * 2)
    let pairAttentions = 2 * (5 * 2 * 4 * 16 * 16 + 2 * (2 * 2 * 2 * 2 * 16))
    let pairTransition = 2 * (2 * 4 * 16 * 32)
    func expected(_ column: Int) -> [Double] {
      [
        rowAttention, column, transition, outerProductMean, multiplications, pairAttentions,
        pairTransition,
      ].map { Double($0) }
    }
    #expect(model.evoformerBlock.map(\.operations) == expected(columnAttention))
    #expect(model.extraBlock.map(\.operations) == expected(globalAttention))
    let blocks = 2 * expected(columnAttention).reduce(0, +) + expected(globalAttention).reduce(0, +)
    #expect(model.trunk == blocks && model.pass == blocks + model.structureModule)
  }

  @Test("operations of the structure module are those of its parameters and of its sums over pairs")
  func structureModule() {
    let residues = 2.0
    func operations(_ start: FrameStart) -> Double {
      var config = FoldingConfig.tiny
      config.structure.start = start
      return CostModel(
        config, ProblemSize(residues: 2, clusters: 3, extraRows: 3, templates: 0)
      ).structureModule
    }
    let config = FoldingConfig.tiny
    let structure = config.structure
    // Matrices of a layer, which multiply every residue once, all but the one that multiplies pairs.
    var layer = 0, torsions = 0, once = 0
    for parameter in config.parameterManifest
    where parameter.key.contains("structure_module/") && parameter.key.hasSuffix("//weights") {
      if parameter.key.contains("attention_2d") { continue }
      if parameter.key.contains("initial_projection") {
        once += parameter.count
      } else if parameter.key.contains("rigid_sidechain") {
        torsions += parameter.count
      } else {
        layer += parameter.count
      }
    }
    let pairs =
      structure.heads
      * (structure.scalarQueryKey + 3 * structure.pointQueryKey + structure.scalarValue
        + 3 * structure.pointValue + 2 * config.channels.pair)
    let perLayer = 2 * residues * Double(layer + torsions) + 2 * residues * residues * Double(pairs)
    let expected = Double(structure.layers) * perLayer + 2 * residues * Double(once)
    #expect(operations(.origin) == expected)
    #expect(operations(.torsions) == expected + 2 * residues * Double(torsions))
  }

  @Test("stages add up to a whole pass, the template stack of every template first")
  func stages() {
    let model = CostModel(.tiny, size(templates: 2))
    let stages: [PassStage] = [.templates, .extraMSA(0), .evoformer(0), .evoformer(1)]
    let shares = stages.map { model.fraction(after: $0) }
    let parts = [
      2 * model.templateStack, model.total(model.extraBlock), model.total(model.evoformerBlock),
      model.total(model.evoformerBlock),
    ]
    var done = 0.0
    for (share, part) in zip(shares, parts) {
      #expect(part > 0)
      done += part
      #expect(abs(share - done / model.pass) < 1e-12)
    }
    #expect(abs(done - model.trunk) < 1e-6 && done < model.pass)
    #expect(model.fraction(after: .structure) == 1)
  }

  // Blocks of the tiny network take less time than handing out the work of their operations.
  @Test("only parallel blocks have branches to run side by side")
  func branches() {
    var config = FoldingConfig.tiny
    for order in BlockOrder.allCases {
      config.blockOrder = order
      #expect(BranchPlan(config, size()).prefersBranches == (order == .parallel), "\(order)")
    }
  }
}

@Suite("Plans of loading, choosing rows and raw outputs")
struct DemandTests {
  /// Random parameters that note in which order they are asked for.
  private final class AskedParameters: ParameterSource {
    let shapes: [String: [Int]]
    let asked = Mutex<[String]>([])

    init(_ config: FoldingConfig) {
      shapes = Dictionary(
        config.parameterManifest.map { ($0.key, $0.shape) }, uniquingKeysWith: { $1 })
    }

    var keys: [String] { shapes.keys.sorted() }
    func shape(of key: String) -> [Int]? { shapes[key] }
    func floats(for key: String) throws -> NDArray<Float> {
      asked.withLock { $0.append(key) }
      return RandomParameters.array(key, shape: shapes[key] ?? [])
    }
  }

  @Test("parameters are planned in the order in which the network loads them")
  func loadingOrder() throws {
    let config = FoldingConfig.tiny
    let source = AskedParameters(config)
    _ = try FoldingNetwork(config, parameters: source, storage: .float32, pool: BufferPool())
    let asked = source.asked.withLock { $0 }
    #expect(asked.count == source.keys.count)
    let places = asked.map(ParameterFootprint.place)
    #expect(places == places.sorted())
    #expect(Set(places).count > 8, "embedders, parts of two stacks, heads")
  }

  @Test("an array that is loaded early needs its copy beside few others, a late one beside all")
  func loading() {
    let large = 1 << 20
    func bytes(_ sizes: [Int]) -> Int { ParameterFootprint(sizes: sizes).loadingBytes(.bfloat16) }
    #expect(bytes([large, large / 2]) == 6 * large)
    #expect(bytes([large / 2, large]) == 7 * large)
    #expect(bytes([]) == 0)
  }

  @Test("an alignment of which rows are chosen is counted, and what is written in full at the end")
  func demands() throws {
    let size = ProblemSize(residues: 8, clusters: 2, extraRows: 2, templates: 0)
    var demand = PassDemand(
      .tiny, size, parameters: ParameterFootprint(sizes: []), storage: .bfloat16, threads: 1)
    let plain = MemoryPlan(demand)
    demand.completeBytes = 100 << 20
    let chosen = MemoryPlan(demand)
    #expect(chosen.moments[0].name == "choosing_rows")
    #expect(chosen.peak == MemoryPlan.processBytes + 200 << 20)
    demand.holdsComplete = true
    let held = try #require(MemoryPlan(demand).moments.first { $0.name == "evoformer" })
    let before = try #require(plain.moments.first { $0.name == "evoformer" })
    #expect(held.bytes == before.bytes + 100 << 20)
    demand.completeBytes = 0
    demand.rawBytes = 50 << 20
    let raw = MemoryPlan(demand)
    #expect(raw.moments[0].name == "raw_outputs" && raw.peak > plain.peak)
    #expect(raw.peak < plain.peak + 51 << 20, "not beside the scratch of the stacks")
  }
}
